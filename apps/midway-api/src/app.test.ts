import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createSecretClient } from '@kms-secrets/midway';
import type { SecretClient, SecretsOptions } from '@kms-secrets/midway';
import { FakeTransport } from '@kms-secrets/testing';
import type { Framework } from '@midwayjs/koa';
import { close, createApp } from '@midwayjs/mock';
import { expect, test } from 'vitest';
import * as modules from './app.ts';
import type { Drain } from './shutdown.ts';

const sha256 = (value: string): string => createHash('sha256').update(value).digest('hex');

function setup(): { kms: FakeTransport; client: SecretClient } {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  kms.put('prod/db..!', 'v1');
  kms.put('key', 'v1', { dataType: 'binary', value: 's3cret-bytes' });
  return { kms, client: createSecretClient({ endpoints: [kms], preload: ['db'] }) };
}

interface Running {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

async function start(client: SecretsOptions['client'], drain?: Drain): Promise<Running> {
  const app = await createApp<Framework>({
    imports: [modules],
    moduleLoadType: 'commonjs', // with 'esm', Midway logs that this repository has no src/configuration.ts
    globalConfig: {
      kmsSecrets: { client },
      shutdown: { drain },
      midwayLogger: { default: { transports: { console: false, file: false, error: false } } },
    },
  });
  // Without a port, Midway creates its server and does not listen.
  const server = (app.getFramework() as Framework).getServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a string only for a pipe
  return { url: `http://127.0.0.1:${port}`, stop: () => close(app, { sleep: 1 }) };
}

/** Starts the service, sends the requests, such as `GET /ready`, and stops it. */
async function send(client: SecretClient, ...requests: string[]): Promise<readonly (readonly [number, unknown])[]> {
  const { url, stop } = await start(client);
  const responses: (readonly [number, unknown])[] = [];
  for (const request of requests) {
    const [method = '', path = ''] = request.split(' ');
    const response = await fetch(`${url}${path}`, { method });
    const text = await response.text();
    expect(text.includes('s3cret-')).toBe(false);
    expect(response.headers.get('cache-control')).toBe('no-store');
    responses.push([response.status, JSON.parse(text)]);
  }
  await stop();
  return responses;
}

test('responds with name, version and hash, for any name that a path can hold', async () => {
  const { client } = setup();

  const responses = await send(client, 'GET /secrets/db', 'GET /secrets/prod%2Fdb..!', 'GET /secrets/key');

  expect(responses).toEqual([
    [200, { name: 'db', versionId: 'v1', stale: false, sha256: sha256('s3cret-db-v1') }],
    [200, { name: 'prod/db..!', versionId: 'v1', stale: false, sha256: sha256('s3cret-prod/db..!-v1') }],
    [200, { name: 'key', versionId: 'v1', stale: false, sha256: sha256('s3cret-bytes') }],
  ]);
});

test('a refresh fetches the current version', async () => {
  const { client, kms } = setup();
  await client.get('db');
  kms.put('db', 'v2');

  const responses = await send(client, 'GET /secrets/db', 'POST /secrets/db/refresh', 'GET /secrets/db');

  expect(responses).toMatchObject([
    [200, { versionId: 'v1' }],
    [200, { versionId: 'v2' }],
    [200, { versionId: 'v2' }],
  ]);
});

test.each([
  ['GET /secrets/other', 503, 'ERR_ACCESS_DENIED'],
  ['POST /secrets/other/refresh', 503, 'ERR_ACCESS_DENIED'],
  ['GET /secrets/typo', 503, 'ERR_SECRET_NOT_FOUND'],
  [`GET /secrets/${'x'.repeat(200)}`, 503, 'ERR_REQUEST_REJECTED'],
  ['GET /secrets/%zz', 400, 'ERR_BAD_REQUEST'],
  ['GET /secrets', 404, 'ERR_NO_ROUTE'],
])('responds to %s with %i and a code alone', async (request, status, code) => {
  const { client, kms } = setup();
  kms.fail('denied', 'other');

  expect(await send(client, request)).toEqual([[status, { code }]]);
});

test('responds to a program error with 500 and a code alone', async () => {
  const { client } = setup();
  client.stats = () => {
    throw new Error('s3cret-in-a-message');
  };

  expect(await send(client, 'GET /stats')).toEqual([[500, { code: 'ERR_INTERNAL' }]]);
});

test('responds to probes and stats', async () => {
  const { client } = setup();

  const responses = await send(client, 'GET /secrets/db', 'GET /ready', 'GET /health', 'GET /stats');

  expect(responses.slice(1)).toMatchObject([
    [200, { isReady: true }],
    [200, { status: 'ok', counts: { fresh: 1, stale: 0, expired: 0, failing: 0 } }],
    [200, { secrets: 1, fetches: 1 }],
  ]);
});

test('does not start without its secrets', async () => {
  const { kms } = setup();
  kms.fail('denied');

  const starting = start({ endpoints: [kms], preload: ['db'] });

  await expect(starting).rejects.toThrow(/1 of 1 secret could not be preloaded:[^]*db/);
});

test('the stop waits for open requests, and closes the client that the app created', async () => {
  const { kms } = setup();
  const { url, stop } = await start({ endpoints: [kms] });
  const { isFetching, release } = holdFetches(kms);

  const response = fetch(`${url}/secrets/key`);
  await isFetching;
  const stopped = stop();
  release();

  expect((await response).status).toBe(200);
  await stopped;
  expect(kms.isClosed).toBe(true);
  await expect(fetch(`${url}/ready`)).rejects.toThrow('fetch failed');
});

test('the stop fails readiness, and requests are served until load balancers are drained', async () => {
  const { client } = setup();
  let drain = (): void => {};
  const drained = new Promise<void>((resolve) => (drain = resolve));
  const { url, stop } = await start(client, () => drained);

  const before = await fetch(`${url}/ready`);
  const stopped = stop();
  await expect.poll(async () => (await fetch(`${url}/ready`)).status).toBe(503);
  const ready = await fetch(`${url}/ready`);
  const read = await fetch(`${url}/secrets/db`);
  drain();
  await stopped;

  expect([before.status, before.headers.get('connection')]).toEqual([200, 'keep-alive']);
  expect(await ready.json()).toEqual({ code: 'ERR_STOPPING' });
  expect([read.status, read.headers.get('connection')]).toEqual([200, 'close']);
  await expect(fetch(`${url}/ready`)).rejects.toThrow('fetch failed');
});

/** Makes every fetch wait for `release()`; `isFetching` resolves at the first one. */
function holdFetches(kms: FakeTransport): { isFetching: Promise<void>; release: () => void } {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const fetchNow = kms.fetch.bind(kms);
  const isFetching = new Promise<void>((resolve) => {
    kms.fetch = async (...args) => {
      resolve();
      await released;
      return fetchNow(...args);
    };
  });
  return { isFetching, release: () => release() };
}
