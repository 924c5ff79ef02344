import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isSecretError } from '@kms-secrets/core';
import type { Secret, SecretClient } from '@kms-secrets/core';
import { expect, test } from 'vitest';

import { sha256 } from '../scenarios/form/hash.ts';
import type { StartApp } from '../scenarios/form/perform.ts';
import { adapterClauses, describeAdapter } from './adapter.ts';
import { brokenClauses } from './contract.ts';

/** The plainest app that keeps the contract, with a place to break each of its parts. */
interface Parts {
  nameOf(part: string): string;
  describe(secret: Secret): object;
  get(client: SecretClient, name: string): Promise<Secret>;
  refresh(client: SecretClient, name: string): Promise<Secret>;
  bodyOf(error: unknown): object;
  statusOf(error: unknown): number;
  ready(client: SecretClient): Promise<void>;
  health(client: SecretClient): string;
  headers: Readonly<Record<string, string>>;
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
  bodyOf: (error) => ({ code: isSecretError(error) ? error.code : 'ERR_BAD_REQUEST' }),
  statusOf: (error) => (isSecretError(error) ? 503 : 400),
  ready: (client) => client.ready(),
  health(client) {
    const { isClosed, secrets, endpoints } = client.describe();
    const isCutOff = secrets.length === 0 && endpoints.every(({ state }) => state === 'failing');
    if (isClosed || isCutOff) return 'failing';
    return endpoints.some(({ state }) => state === 'failing') ? 'degraded' : 'ok';
  },
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  refreshMethod: /^POST$/u,
  endsPolitely: true,
};

function appWith(breakage: Partial<Parts> = {}): StartApp {
  const parts: Parts = { ...correct, ...breakage };
  return async (client) => {
    const server = createServer((request, response) => {
      const answer = (status: number, body: object): void => {
        response.writeHead(status, parts.headers).end(JSON.stringify(body));
      };
      route(parts, client, { method: request.method ?? '', path: request.url ?? '' }).then(
        ({ status, body }) => answer(status, body),
        (error: unknown) => answer(parts.statusOf(error), parts.bodyOf(error)),
      );
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
): Promise<{ readonly status: number; readonly body: object }> {
  const [, first, part = '', last, ...more] = asked.path.split('/');
  if (first === 'ready') {
    await parts.ready(client);
    return { status: 200, body: {} };
  }
  if (first === 'health') {
    const status = parts.health(client);
    return { status: status === 'failing' ? 503 : 200, body: { status } };
  }
  if (first === 'stats') return { status: 200, body: client.stats() };
  if (first !== 'secrets' || part === '' || more.length > 0) return { status: 404, body: {} };
  const name = parts.nameOf(part);
  if (last === undefined) return { status: 200, body: parts.describe(await parts.get(client, name)) };
  if (last !== 'refresh' || !parts.refreshMethod.test(asked.method)) return { status: 404, body: {} };
  return { status: 200, body: parts.describe(await parts.refresh(client, name)) };
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
    { bodyOf: (error) => ({ ...correct.bodyOf(error), message: String(error) }) },
    'denied is a 503 with ERR_ACCESS_DENIED and nothing else',
  ],
  [
    'answers 404 for a missing secret',
    { statusOf: (error) => (isSecretError(error, 'ERR_SECRET_NOT_FOUND') ? 404 : correct.statusOf(error)) },
    'notFound is a 503 with ERR_SECRET_NOT_FOUND and nothing else',
  ],
  ['is always ready', { ready: async () => {} }, 'ready is a 503 while a preloaded name is missing'],
  ['is always healthy', { health: () => 'ok' }, 'health is failing when nothing can be served'],
  ['is always healthy', { health: () => 'ok' }, 'health is ok, degraded while something is old, ok again'],
  ['fails for the caller’s mistakes', { statusOf: () => 503 }, 'a path that cannot be decoded is the caller’s mistake'],
  ['cuts off who waits', { endsPolitely: false }, 'reads under way are answered before the app ends'],
];

test.each(breakages)('an app that %s breaks the contract', async (_, breakage, clause) => {
  const concerned = adapterClauses.filter(({ name }) => name === clause);

  expect(await brokenClauses(concerned, appWith(breakage))).toEqual([clause]);
});
