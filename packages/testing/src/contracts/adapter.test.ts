import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorAnswer, healthAnswer, healthOf, Secret } from '@kms-secrets/core';
import type { HttpAnswer, SecretClient } from '@kms-secrets/core';
import { expect, test } from 'vitest';

import { sha256 } from '../scenarios/harness/sha256.ts';
import type { StartApp } from '../scenarios/harness/run-scenario.ts';
import { adapterClauses, describeAdapter } from './adapter.ts';
import { brokenClauses } from './contract.ts';

/** The plainest app that keeps the contract, with a place to break each of its parts. */
interface Parts {
  nameOf(part: string): string;
  describe(secret: Secret): object;
  get(client: SecretClient, name: string): Promise<Secret>;
  refresh(client: SecretClient, name: string): Promise<Secret>;
  answerTo(error: unknown): HttpAnswer;
  ready(client: SecretClient): Promise<void>;
  health(client: SecretClient): HttpAnswer | Promise<HttpAnswer>;
  hungUp(client: SecretClient): void;
  headers: Readonly<Record<string, string>>;
  readMethod: RegExp;
  refreshMethod: RegExp;
  endsPolitely: boolean;
}

const valueOf = (secret: Secret): string => {
  try {
    return secret.text();
  } catch {
    return new TextDecoder().decode(secret.bytes());
  }
};

const correct: Parts = {
  nameOf: decodeURIComponent,
  describe: (secret) => {
    const { name, versionId, stale } = secret;
    return { name, versionId, stale, sha256: sha256(valueOf(secret)) };
  },
  get: (client, name) => client.get(name),
  refresh: (client, name) => client.refresh(name),
  answerTo: (error) => errorAnswer(error) ?? { status: 400, headers: {}, body: { code: 'ERR_BAD_REQUEST' } },
  ready: (client) => client.ready(),
  health: (client) => healthAnswer(healthOf(client.describe())),
  hungUp: () => {},
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  readMethod: /^GET$/u,
  refreshMethod: /^POST$/u,
  endsPolitely: true,
};

const found = (body: object): HttpAnswer => ({ status: 200, headers: {}, body });
const notFound: HttpAnswer = { status: 404, headers: {}, body: {} };

function appWith(breakage: Partial<Parts> = {}): StartApp {
  const parts: Parts = { ...correct, ...breakage };
  return async (client) => {
    const server = createServer((request, response) => {
      response.on('close', () => {
        if (!response.writableFinished) parts.hungUp(client);
      });
      void route(parts, client, { method: request.method ?? '', path: request.url ?? '' })
        .catch((error: unknown) => parts.answerTo(error))
        .then(({ status, headers, body }) => {
          response.writeHead(status, { ...parts.headers, ...headers }).end(JSON.stringify(body));
        });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // a text only for a pipe
    const close = async (): Promise<void> => {
      const closed = once(server, 'close');
      server.close();
      if (!parts.endsPolitely) server.closeAllConnections();
      await closed;
    };
    return { url: `http://127.0.0.1:${port}`, close };
  };
}

async function route(
  parts: Parts,
  client: SecretClient,
  asked: { readonly method: string; readonly path: string },
): Promise<HttpAnswer> {
  const [, first, part = '', last, ...more] = asked.path.split('/');
  if (first === 'ready') return parts.ready(client).then(() => found({}));
  if (first === 'health') return parts.health(client);
  if (first === 'stats') return found(client.stats());
  if (first !== 'secrets' || part === '' || more.length > 0) return notFound;
  const name = parts.nameOf(part);
  if (last === undefined && parts.readMethod.test(asked.method)) {
    return found(parts.describe(await parts.get(client, name)));
  }
  if (last !== 'refresh' || !parts.refreshMethod.test(asked.method)) return notFound;
  return found(parts.describe(await parts.refresh(client, name)));
}

/** For its own time: whatever it has read once, it answers for ever. */
function cachingGet(): Parts['get'] {
  const kept = new Map<string, Promise<Secret>>();
  return (client, name) => {
    const secret = kept.get(name) ?? client.get(name);
    kept.set(name, secret);
    return secret;
  };
}

describeAdapter('the plainest app', appWith());

const whole = 'a read answers name, version, whether it is stale, and a hash';

const breakages: readonly (readonly [string, Partial<Parts>, string])[] = [
  ['shows the value', { describe: (secret) => ({ ...correct.describe(secret), value: valueOf(secret) }) }, whole],
  ['may be kept by a cache', { headers: { 'content-type': 'application/json' } }, whole],
  [
    'calls everything fresh',
    { describe: (secret) => ({ ...correct.describe(secret), stale: false }) },
    'an old value is served and said to be old',
  ],
  ['does not decode names', { nameOf: (part) => part }, 'prod/db is a name'],
  ['decodes names twice', { nameOf: (part) => decodeURIComponent(decodeURIComponent(part)) }, 'a%2Fb is a name'],
  [
    'resolves names',
    { nameOf: (part) => new URL(decodeURIComponent(part), 'http://a/').pathname.slice(1) },
    '../../etc/passwd is a name',
  ],
  ['knows text only', { describe: (secret) => ({ sha256: sha256(secret.text()) }) }, 'a binary secret is read as well'],
  [
    'fetches for every read',
    { get: (client, name) => client.refresh(name).then(() => client.refresh(name)) },
    'many reads at the same time are one request to KMS',
  ],
  [
    'refreshes nothing',
    { refresh: (client, name) => client.get(name) },
    'a refresh brings the new version, for later reads too',
  ],
  [
    'refreshes nothing',
    { refresh: (client, name) => client.get(name) },
    'a refresh that fails says so, though there is a value',
  ],
  [
    'refreshes for a GET',
    { refreshMethod: /./u },
    'asking for a refresh is a POST: whoever follows links changes nothing',
  ],
  [
    'shows the message',
    {
      answerTo: (error) => {
        const answer = correct.answerTo(error);
        return { ...answer, body: { ...answer.body, message: String(error) } };
      },
    },
    'denied is a 503 with ERR_ACCESS_DENIED and nothing else',
  ],
  [
    'answers 404 for a missing secret',
    { answerTo: (error) => ({ ...correct.answerTo(error), status: 404 }) },
    'notFound is a 503 with ERR_SECRET_NOT_FOUND and nothing else',
  ],
  [
    'does not say when to come back',
    { answerTo: (error) => ({ ...correct.answerTo(error), headers: {} }) },
    'throttled is a 503 with ERR_SECRET_UNAVAILABLE and nothing else',
  ],
  ['reads for any method', { readMethod: /./u }, 'a method that no route is for changes nothing'],
  [
    'reads twice for one answer',
    {
      async get(client, name) {
        const { versionId } = await client.get(name);
        await new Promise((resolve) => setImmediate(resolve));
        return new Secret({ name, versionId, value: valueOf(await client.get(name)), dataType: 'text' });
      },
    },
    'while a secret is rotated, no read fails, and no answer mixes two versions',
  ],
  ['keeps what it has read', { get: cachingGet() }, 'what the client has fetched by itself is read from then on'],
  [
    'asks KMS for its health',
    { health: async (client) => client.get('probe').then(() => correct.health(client)) },
    'health and figures do not wait for a KMS that hangs',
  ],
  [
    'ends the client with the first caller that hangs up',
    { hungUp: (client) => void client.close() },
    'a caller that hangs up ends nobody else’s read',
  ],
  ['is always ready', { ready: async () => {} }, 'ready is a 503 while a preloaded name is missing'],
  ['is always healthy', { health: () => found({ status: 'ok' }) }, 'health is failing when nothing can be served'],
  [
    'is always healthy',
    { health: () => found({ status: 'ok' }) },
    'health is ok, degraded while something is old, ok again',
  ],
  [
    'fails for the caller’s mistakes',
    { answerTo: (error) => ({ ...correct.answerTo(error), status: 503 }) },
    'a path that cannot be decoded is the caller’s mistake',
  ],
  ['cuts off who waits', { endsPolitely: false }, 'reads under way are answered before the app ends'],
];

test.each(breakages)('an app that %s breaks the contract', async (_, breakage, clause) => {
  const concerned = adapterClauses.filter(({ name }) => name === clause);

  expect(await brokenClauses(concerned, appWith(breakage))).toEqual([clause]);
});
