import { once } from 'node:events';
import { request } from 'node:https';
import { FetchFailure } from '@kms-secrets/core';
import type { SecretTransport } from '@kms-secrets/core';
import { brokenClauses, describeTransport, transportClauses } from '@kms-secrets/testing/contracts';
import type { OpenTransport } from '@kms-secrets/testing/contracts';
import { expect, test } from 'vitest';
import { throughClients } from './through-clients.ts';
import { transports } from './transports.ts';

// The first, inside a client; all of them keep the contract by themselves too (packages/core, test/e2e).
const [{ name: first, connect }] = transports;
describeTransport(first, (endpoint, kms, credentials) => throughClients({ ...connect(kms, [endpoint]), credentials }));

type Fetch = SecretTransport['fetch'];

/** A right transport, with something wrong about its fetches. */
function broken(spoil: (fetch: Fetch, opened: Parameters<OpenTransport>) => Fetch): OpenTransport {
  return (...opened) => {
    const [endpoint, kms, credentials] = opened;
    const right = throughClients({
      credentials,
      endpoints: [{ endpoint: endpoint.endpoint, caFilePath: kms.caFilePath }],
    });
    const fetch = spoil((...asked) => right.fetch(...asked), opened);
    return { endpoint: right.endpoint, fetch, close: () => right.close() };
  };
}

const saying = (message: string): FetchFailure => new FetchFailure('denied', message);
const never = new AbortController().signal;

const breakages: readonly (readonly [string, OpenTransport, string])[] = [
  [
    'drops the stage',
    broken(
      (fetch) =>
        ({ name }, signal) =>
          fetch({ name }, signal),
    ),
    'a stage is asked for by its name',
  ],
  [
    'drops the version',
    broken(
      (fetch) =>
        ({ name }, signal) =>
          fetch({ name }, signal),
    ),
    'a version is asked for by its id',
  ],
  [
    'tries twice',
    broken((fetch) => (asked, signal) => fetch(asked, signal).catch(() => fetch(asked, signal))),
    'InternalFailure is unavailable',
  ],
  [
    'calls every failure the same',
    broken(
      (fetch) => (asked, signal) =>
        fetch(asked, signal).catch(() => Promise.reject(new FetchFailure('unavailable', 'It failed.'))),
    ),
    'a secret that is gone is notFound',
  ],
  [
    'shows the access key',
    broken(
      (fetch, [, , { accessKeyId }]) =>
        (asked, signal) =>
          fetch(asked, signal).catch(() => Promise.reject(saying(`Not for ${accessKeyId}.`))),
    ),
    'a secret that is denied is denied',
  ],
  [
    'shows the key’s secret in a cause',
    broken(
      (fetch, [, , { accessKeySecret }]) =>
        (asked, signal) =>
          fetch(asked, signal).catch(() =>
            Promise.reject(new FetchFailure('denied', 'No.', { cause: new Error(accessKeySecret) })),
          ),
    ),
    'a secret that is denied is denied',
  ],
  [
    'shows its token in a field',
    broken(
      (fetch, [, , credentials]) =>
        (asked, signal) =>
          fetch(asked, signal).catch((error: unknown) =>
            Promise.reject(Object.assign(error as Error, { sent: { credentials } })),
          ),
    ),
    'no failure shows the token that was sent',
  ],
  [
    'does not hear the signal',
    broken((fetch) => (asked) => fetch(asked, never)),
    'an abort before the attempt means that nothing is asked',
  ],
  [
    'leaves the request behind when it is aborted',
    broken(
      (fetch) => (asked, signal) =>
        Promise.race([fetch(asked, never), once(signal, 'abort').then(() => Promise.reject(saying('Left.')))]),
    ),
    'an abort ends an attempt at once, also one whose answer does not come',
  ],
  [
    'trusts any certificate',
    broken((_, [endpoint]) => async () => {
      const asked = request(endpoint.url, { rejectUnauthorized: false, agent: false }).end();
      await once(asked, 'response').finally(() => asked.destroy());
      throw new FetchFailure('untrusted', 'Now it says so.');
    }),
    'a certificate that is selfSigned is untrusted, and no request goes over it',
  ],
  [
    'opens a connection for every fetch',
    (endpoint, kms, credentials) => {
      const open = (): SecretTransport =>
        throughClients({ credentials, endpoints: [{ endpoint: endpoint.endpoint, caFilePath: kms.caFilePath }] });
      const opened: SecretTransport[] = [];
      return {
        endpoint: endpoint.endpoint,
        fetch(asked, signal) {
          const one = open();
          opened.push(one);
          return one.fetch(asked, signal);
        },
        async close() {
          for (const one of opened) await one.close();
        },
      };
    },
    'fetches after one another share a connection',
  ],
];

test.each(breakages)('a transport that %s breaks the contract', async (_, open, clause) => {
  const concerned = transportClauses.filter(({ name }) => name === clause);

  expect(await brokenClauses(concerned, { open })).toEqual([clause]);
});
