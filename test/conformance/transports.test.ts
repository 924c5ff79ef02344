import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { FetchFailure } from '@kms-secrets/core';
import type { SecretTransport } from '@kms-secrets/core';
import { describeTransport, failedClauses, transportClauses } from '@kms-secrets/testing/contracts';
import type { OpenTransport } from '@kms-secrets/testing/contracts';
import { expect, test } from 'vitest';
import { throughClients } from './through-clients.ts';
import { transports } from './transports.ts';

// The default transport, inside a client. Unit and e2e tests apply the contract to every transport on its own.
const [defaultTransport] = transports;
describeTransport(defaultTransport.name, (endpoint, kms, credentials) =>
  throughClients({ ...defaultTransport.connect(kms, [endpoint]), credentials }),
);

type Fetch = SecretTransport['fetch'];

/** A correct transport with a defective `fetch`. */
function withDefect(replaceFetch: (fetch: Fetch, args: Parameters<OpenTransport>) => Fetch): OpenTransport {
  return (...args) => {
    const [endpoint, kms, credentials] = args;
    const correct = throughClients({
      credentials,
      endpoints: [{ endpoint: endpoint.endpoint, caFilePath: kms.caFilePath }],
    });
    const fetch = replaceFetch((request, signal) => correct.fetch(request, signal), args);
    return { endpoint: correct.endpoint, fetch, close: () => correct.close() };
  };
}

const denied = (message: string): FetchFailure => new FetchFailure('denied', message);
const neverAborted = new AbortController().signal;

/** What the transport does wrong, the transport, and the clause that finds it. */
const defects: readonly (readonly [string, OpenTransport, string])[] = [
  [
    'ignores the stage',
    withDefect(
      (fetch) =>
        ({ name }, signal) =>
          fetch({ name }, signal),
    ),
    'a version is read by its stage',
  ],
  [
    'ignores the version',
    withDefect(
      (fetch) =>
        ({ name }, signal) =>
          fetch({ name }, signal),
    ),
    'a version is read by its id',
  ],
  [
    'retries',
    withDefect((fetch) => (request, signal) => fetch(request, signal).catch(() => fetch(request, signal))),
    'InternalFailure is reported as unavailable',
  ],
  [
    'reports every failure as unavailable',
    withDefect(
      (fetch) => (request, signal) =>
        fetch(request, signal).catch(() => Promise.reject(new FetchFailure('unavailable', 'It failed.'))),
    ),
    'a deleted secret is reported as notFound',
  ],
  [
    'leaks the access key id',
    withDefect(
      (fetch, [, , { accessKeyId }]) =>
        (request, signal) =>
          fetch(request, signal).catch(() => Promise.reject(denied(`Denied for ${accessKeyId}.`))),
    ),
    'a denied secret is reported as denied',
  ],
  [
    'leaks the access key secret in a cause',
    withDefect(
      (fetch, [, , { accessKeySecret }]) =>
        (request, signal) =>
          fetch(request, signal).catch(() =>
            Promise.reject(new FetchFailure('denied', 'No.', { cause: new Error(accessKeySecret) })),
          ),
    ),
    'a denied secret is reported as denied',
  ],
  [
    'leaks its token in a field',
    withDefect(
      (fetch, [, , credentials]) =>
        (request, signal) =>
          fetch(request, signal).catch((error: unknown) =>
            Promise.reject(Object.assign(error as Error, { sent: { credentials } })),
          ),
    ),
    'no failure contains the security token',
  ],
  [
    'ignores the signal',
    withDefect((fetch) => (request) => fetch(request, neverAborted)),
    'an aborted signal prevents the request',
  ],
  [
    'leaves the request running after an abort',
    withDefect(
      (fetch) => (request, signal) =>
        Promise.race([
          fetch(request, neverAborted),
          once(signal, 'abort').then(() => Promise.reject(denied('Aborted.'))),
        ]),
    ),
    'an abort ends an attempt before the response',
  ],
  [
    'trusts any certificate',
    withDefect((_, [endpoint]) => async () => {
      const sent = httpsRequest(endpoint.url, { rejectUnauthorized: false, agent: false }).end();
      await once(sent, 'response').finally(() => sent.destroy());
      throw new FetchFailure('untrusted', 'The certificate is not trusted.');
    }),
    'a certificate with the fault selfSigned is untrusted and carries no request',
  ],
  [
    'opens a connection for every fetch',
    (endpoint, kms, credentials) => {
      const open = (): SecretTransport =>
        throughClients({ credentials, endpoints: [{ endpoint: endpoint.endpoint, caFilePath: kms.caFilePath }] });
      const opened: SecretTransport[] = [];
      return {
        endpoint: endpoint.endpoint,
        fetch(request, signal) {
          const transport = open();
          opened.push(transport);
          return transport.fetch(request, signal);
        },
        async close() {
          for (const transport of opened) await transport.close();
        },
      };
    },
    'sequential fetches reuse one connection',
  ],
];

test.each(defects)('the contract finds a transport that %s', async (_, open, clause) => {
  const relevant = transportClauses.filter(({ name }) => name === clause);

  expect(await failedClauses(relevant, { open })).toEqual([clause]);
});
