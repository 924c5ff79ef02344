import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorResponse, healthResponse, Secret } from '@kms-secrets/core';
import type { HttpResponse, SecretClient } from '@kms-secrets/core';
import { expect, test } from 'vitest';

import { sha256 } from '../scenarios/harness/sha256.ts';
import type { StartApp } from '../scenarios/harness/run-scenario.ts';
import { adapterClauses, describeAdapter } from './adapter.ts';
import { failedClauses } from './contract.ts';

/** The parts of a minimal app that meets the contract. A test replaces one of them with a defective version. */
interface Parts {
  nameOf(segment: string): string;
  describe(secret: Secret): object;
  get(client: SecretClient, name: string): Promise<Secret>;
  refresh(client: SecretClient, name: string): Promise<Secret>;
  errorResponse(error: unknown): HttpResponse;
  ready(client: SecretClient): Promise<void>;
  health(client: SecretClient): HttpResponse | Promise<HttpResponse>;
  onDisconnect(client: SecretClient): void;
  headers: Readonly<Record<string, string>>;
  readMethod: RegExp;
  refreshMethod: RegExp;
  closesGracefully: boolean;
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
  errorResponse: (error) => errorResponse(error) ?? { status: 400, headers: {}, body: { code: 'ERR_BAD_REQUEST' } },
  ready: (client) => client.ready(),
  health: (client) => healthResponse(client.health()),
  onDisconnect: () => {},
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  readMethod: /^GET$/u,
  refreshMethod: /^POST$/u,
  closesGracefully: true,
};

const found = (body: object): HttpResponse => ({ status: 200, headers: {}, body });
const notFound: HttpResponse = { status: 404, headers: {}, body: {} };

function appWith(defect: Partial<Parts> = {}): StartApp {
  const parts: Parts = { ...correct, ...defect };
  return async (client) => {
    const server = createServer((request, response) => {
      response.on('close', () => {
        if (!response.writableFinished) parts.onDisconnect(client);
      });
      void route(parts, client, { method: request.method ?? '', path: request.url ?? '' })
        .catch((error: unknown) => parts.errorResponse(error))
        .then(({ status, headers, body }) => {
          response.writeHead(status, { ...parts.headers, ...headers }).end(JSON.stringify(body));
        });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // a string only for a pipe
    const close = async (): Promise<void> => {
      const closed = once(server, 'close');
      server.close();
      if (!parts.closesGracefully) server.closeAllConnections();
      await closed;
    };
    return { url: `http://127.0.0.1:${port}`, close };
  };
}

async function route(
  parts: Parts,
  client: SecretClient,
  { method, path }: { readonly method: string; readonly path: string },
): Promise<HttpResponse> {
  const [, first, segment = '', last, ...more] = path.split('/');
  if (first === 'ready') return parts.ready(client).then(() => found({}));
  if (first === 'health') return parts.health(client);
  if (first === 'stats') return found(client.stats());
  if (first !== 'secrets' || segment === '' || more.length > 0) return notFound;
  const name = parts.nameOf(segment);
  if (last === undefined && parts.readMethod.test(method)) {
    return found(parts.describe(await parts.get(client, name)));
  }
  if (last !== 'refresh' || !parts.refreshMethod.test(method)) return notFound;
  return found(parts.describe(await parts.refresh(client, name)));
}

/** A second cache in front of the client, without expiry. */
function cachingGet(): Parts['get'] {
  const cache = new Map<string, Promise<Secret>>();
  return (client, name) => {
    const secret = cache.get(name) ?? client.get(name);
    cache.set(name, secret);
    return secret;
  };
}

describeAdapter('a minimal app', appWith());

const fullResponse = 'a read returns name, version, stale flag and hash';

/** What the app does wrong, the defective part, and the clause that finds it. */
const defects: readonly (readonly [string, Partial<Parts>, string])[] = [
  [
    'returns the value',
    { describe: (secret) => ({ ...correct.describe(secret), value: valueOf(secret) }) },
    fullResponse,
  ],
  ['allows HTTP caching', { headers: { 'content-type': 'application/json' } }, fullResponse],
  [
    'marks every value fresh',
    { describe: (secret) => ({ ...correct.describe(secret), stale: false }) },
    'a stale value is served and marked stale',
  ],
  ['does not decode names', { nameOf: (segment) => segment }, 'the name prod/db is passed on unchanged'],
  [
    'decodes names twice',
    { nameOf: (segment) => decodeURIComponent(decodeURIComponent(segment)) },
    'the name a%2Fb is passed on unchanged',
  ],
  [
    'resolves names as paths',
    { nameOf: (segment) => new URL(decodeURIComponent(segment), 'http://a/').pathname.slice(1) },
    'the name ../../etc/passwd is passed on unchanged',
  ],
  [
    'supports text secrets only',
    { describe: (secret) => ({ sha256: sha256(secret.text()) }) },
    'a binary secret can be read',
  ],
  [
    'fetches for every read',
    { get: (client, name) => client.refresh(name).then(() => client.refresh(name)) },
    'concurrent reads of one secret share one request to KMS',
  ],
  [
    'does not refresh',
    { refresh: (client, name) => client.get(name) },
    'a refresh returns the new version, and later reads do too',
  ],
  [
    'returns the cached value when a refresh fails',
    { refresh: (client, name) => client.get(name) },
    'a failed refresh is an error even if a value is cached',
  ],
  ['refreshes on GET', { refreshMethod: /./u }, 'a GET of the refresh route does not refresh'],
  [
    'returns the error message',
    {
      errorResponse: (error) => {
        const response = correct.errorResponse(error);
        return { ...response, body: { ...response.body, message: String(error) } };
      },
    },
    'denied is a 503 with ERR_ACCESS_DENIED and nothing else',
  ],
  [
    'returns 404 for a missing secret',
    { errorResponse: (error) => ({ ...correct.errorResponse(error), status: 404 }) },
    'notFound is a 503 with ERR_SECRET_NOT_FOUND and nothing else',
  ],
  [
    'omits retry-after',
    { errorResponse: (error) => ({ ...correct.errorResponse(error), headers: {} }) },
    'throttled is a 503 with ERR_SECRET_UNAVAILABLE and nothing else',
  ],
  ['reads on any method', { readMethod: /./u }, 'an unsupported method is rejected and changes nothing'],
  [
    'reads twice for one response',
    {
      async get(client, name) {
        const { versionId } = await client.get(name);
        await new Promise((resolve) => setImmediate(resolve));
        return new Secret({ name, versionId, value: valueOf(await client.get(name)), dataType: 'text' });
      },
    },
    'during a rotation no read fails and no response mixes two versions',
  ],
  ['has a cache of its own', { get: cachingGet() }, 'a version fetched in the background is served to later reads'],
  [
    'sends a request to KMS for its health',
    { health: async (client) => client.get('probe').then(() => correct.health(client)) },
    'health and stats do not wait for a KMS that hangs',
  ],
  [
    'closes the client when a caller disconnects',
    { onDisconnect: (client) => void client.close() },
    'a caller that disconnects does not end the reads of others',
  ],
  ['is always ready', { ready: async () => {} }, 'ready is a 503 while a preloaded secret is missing'],
  [
    'is healthy when nothing can be served',
    { health: () => found({ status: 'ok' }) },
    'health is failing when no secret can be served',
  ],
  [
    'is healthy while values are stale',
    { health: () => found({ status: 'ok' }) },
    'health is ok, degraded while a value is stale, then ok again',
  ],
  [
    'returns 503 for a malformed path',
    { errorResponse: (error) => ({ ...correct.errorResponse(error), status: 503 }) },
    'a path that cannot be decoded is a 400',
  ],
  [
    'drops pending reads on close',
    { closesGracefully: false },
    'pending reads get a response before the app has closed',
  ],
];

// Concurrent, because some clauses fail only at the timeout of `until`.
test.concurrent.each(defects)('the contract finds an app that %s', async (_, defect, clause) => {
  const relevant = adapterClauses.filter(({ name }) => name === clause);

  expect(await failedClauses(relevant, appWith(defect))).toEqual([clause]);
});

test.each([
  ['content-type', { 'cache-control': 'no-store' }],
  ['cache-control', { 'content-type': 'application/json' }],
])('a failing contract names the header %s', async (header, headers) => {
  const [clause] = adapterClauses.filter(({ name }) => name === fullResponse);

  await expect(clause?.check(appWith({ headers }))).rejects.toThrow(`the header ${header}`);
});
