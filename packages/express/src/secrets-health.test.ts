import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import express from 'express';
import { expect, test } from 'vitest';
import { createSecretClient, secrets, secretsHealth } from './index.ts';
import type { SecretClient } from './index.ts';

function setup(): { kms: FakeTransport; clock: FakeClock; client: SecretClient } {
  const [kms, clock] = [new FakeTransport(), new FakeClock()];
  kms.put('db', 'v1');
  kms.put('api', 'v1');
  return {
    kms,
    clock,
    client: createSecretClient({ endpoints: [kms], clock, ttl: '1h', staleIfError: '24h', retry: { maxAttempts: 1 } }),
  };
}

async function health(
  source: Parameters<typeof secretsHealth>[0],
): Promise<{ status: number; body: unknown; text: string }> {
  const server = createServer(express().get('/', secretsHealth(source))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a text only for a pipe
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const text = await response.text();
    return { status: response.status, body: JSON.parse(text) as unknown, text };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

test('a client that serves fresh secrets is ok, and told with versions and ages, not with values', async () => {
  const { client, clock } = setup();
  await client.get('db');
  await clock.pass('5m');

  const { status, body, text } = await health(client);

  expect([status, body]).toEqual([
    200,
    {
      status: 'ok',
      missing: [],
      secrets: [{ name: 'db', versionId: 'v1', freshness: 'fresh', age: 300_000 }],
      endpoints: [{ endpoint: 'kms.example', state: 'healthy' }],
    },
  ]);
  expect(text.includes('s3cret-')).toBe(false);
});

test('a client that has not been asked for anything yet is ok', async () => {
  expect(await health(setup().client)).toMatchObject({ status: 200, body: { status: 'ok' } });
});

test('while old values are served it is degraded, which is a 200: there is no better process to send requests to', async () => {
  const { client, clock, kms } = setup();
  await client.get('db');
  kms.fail('unreachable');
  await clock.pass('2h');

  const { status, body } = await health(client);

  expect([status, body]).toMatchObject([200, { status: 'degraded', secrets: [{ freshness: 'stale' }] }]);
});

test('a refresh that failed shows before anything is old', async () => {
  const { client, kms } = setup();
  await client.get('db');
  kms.fail('rejected', 'db');
  await client.refresh('db').catch(() => {});
  await client.get('api');

  const { status, body } = await health(client);

  const endpoints = [{ state: 'healthy' }];
  expect([status, body]).toMatchObject([200, { status: 'degraded', secrets: [{ freshness: 'fresh' }, {}], endpoints }]);
});

test('an endpoint that fails shows although a standby answers', async () => {
  const [kms, standby] = [new FakeTransport('one'), new FakeTransport('two')];
  kms.fail('unreachable');
  standby.put('db', 'v1');
  const client = createSecretClient({ endpoints: [kms, standby], clock: new FakeClock() });
  await client.get('db');

  expect(await health(client)).toMatchObject({
    status: 200,
    body: {
      status: 'degraded',
      secrets: [{ freshness: 'fresh' }],
      endpoints: [{ state: 'failing' }, { state: 'healthy' }],
    },
  });
});

test('a value too old to be served fails', async () => {
  const { client, clock, kms } = setup();
  await client.get('db');
  kms.fail('unreachable');
  clock.freeze('26h');

  expect(await health(client)).toMatchObject({
    status: 503,
    body: { status: 'failing', secrets: [{ freshness: 'expired' }] },
  });
});

test('a client that holds nothing and reaches nobody fails', async () => {
  const { client, kms } = setup();
  kms.fail('unreachable');
  await client.get('db').catch(() => {});

  expect(await health(client)).toMatchObject({ status: 503, body: { status: 'failing' } });
});

test('of the middleware, it also fails while a preloaded secret is missing, and names it', async () => {
  const { client, kms } = setup();
  kms.fail('denied', 'api');
  const middleware = secrets(client, { preload: ['db', 'api'] });
  await middleware.ready().catch(() => {});

  expect(await health(middleware)).toMatchObject({ status: 503, body: { status: 'failing', missing: ['api'] } });
});

test('a closed client fails', async () => {
  const { client } = setup();
  await client.close();

  expect(await health(client)).toMatchObject({ status: 503, body: { status: 'failing' } });
});
