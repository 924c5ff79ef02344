import '../support/native-packages.ts';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import { describe, expect, test } from 'vitest';
import { startService as startEgg } from '../../apps/egg-api/src/service.ts';
import { startService as startExpress } from '../../apps/express-api/src/service.ts';
import { startService as startFastify } from '../../apps/fastify-api/src/service.ts';
import { startService as startHono } from '../../apps/hono-api/src/service.ts';
import { startService as startKoa } from '../../apps/koa-api/src/service.ts';

function setup(): { kms: FakeTransport; client: SecretClient } {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  kms.put('key', 'v1');
  return { kms, client: createSecretClient({ endpoints: [kms], preload: ['db'] }) };
}

// The apps that are a service of their own. Nest and Next start and stop those of theirs.
describe.each([
  ['egg-api', startEgg],
  ['express-api', startExpress],
  ['fastify-api', startFastify],
  ['hono-api', startHono],
  ['koa-api', startKoa],
])('%s', (_, startService) => {
  test('does not start without its secrets', async () => {
    const { client, kms } = setup();
    kms.fail('denied');

    await expect(startService(client, { port: 0, host: '127.0.0.1' })).rejects.toThrow(
      /1 of 1 secret could not be preloaded:[^]*db/,
    );
  });

  test('stop() waits for open requests, and closes the client', async () => {
    const { client, kms } = setup();
    const service = await startService(client, { port: 0, host: '127.0.0.1' });
    const { isFetching, release } = holdFetches(kms);

    const response = fetch(`${service.url}/secrets/key`);
    await isFetching;
    const stopped = service.stop();
    release();

    expect((await response).status).toBe(200);
    await stopped;
    expect(client.isClosed).toBe(true);
    await expect(fetch(`${service.url}/ready`)).rejects.toThrow('fetch failed');
  });

  test('stop() fails readiness and serves requests until load balancers are drained', async () => {
    const { client } = setup();
    const service = await startService(client, { port: 0, host: '127.0.0.1' });
    let drain = (): void => {};
    const drained = new Promise<void>((resolve) => (drain = resolve));

    const before = await fetch(`${service.url}/ready`);
    const stopped = service.stop(drained);
    const ready = await fetch(`${service.url}/ready`);
    const read = await fetch(`${service.url}/secrets/db`);
    drain();
    await stopped;

    expect([before.status, before.headers.get('connection')]).toEqual([200, 'keep-alive']);
    expect([ready.status, await ready.json()]).toEqual([503, { code: 'ERR_STOPPING' }]);
    expect([read.status, read.headers.get('connection')]).toEqual([200, 'close']);
    await expect(fetch(`${service.url}/ready`)).rejects.toThrow('fetch failed');
  });

  test('stop() ends a request that waits for KMS longer than the grace period', async () => {
    const { client, kms } = setup();
    const service = await startService(client, { port: 0, host: '127.0.0.1', gracePeriod: 10 });
    const { isFetching } = holdFetches(kms);

    const response = fetch(`${service.url}/secrets/key`);
    await isFetching;
    await service.stop();

    expect([(await response).status, await (await response).json()]).toEqual([503, { code: 'ERR_CLIENT_CLOSED' }]);
  });
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
