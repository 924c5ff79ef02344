import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import express from 'express';
import { expect, test } from 'vitest';
import { createSecretClient, secrets, secretsHealth } from './index.ts';
import type { SecretClient } from './index.ts';

function setup(): { kms: FakeTransport; clock: FakeClock; client: SecretClient } {
  const kms = new FakeTransport();
  const clock = new FakeClock();
  kms.put('db', 'v1');
  kms.put('api', 'v1');
  return {
    kms,
    clock,
    client: createSecretClient({ endpoints: [kms], clock, ttl: '1h', staleIfError: '24h', retry: { maxAttempts: 1 } }),
  };
}

async function health(
  ...args: Parameters<typeof secretsHealth>
): Promise<{ status: number; body: unknown; text: string }> {
  const server = createServer(express().get('/', secretsHealth(...args))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a string only for a pipe
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

test('responds ok while all secrets are fresh, without values', async () => {
  const { client, clock } = setup();
  await client.get('db');
  await clock.pass('5m');

  const { status, body, text } = await health(client, { details: true });

  expect([status, body]).toEqual([
    200,
    {
      status: 'ok',
      problems: [],
      missing: [],
      counts: { fresh: 1, stale: 0, expired: 0, failing: 0, refused: 0, missing: 0 },
      identity: 'accepted',
      secrets: [{ name: 'db', versionId: 'v1', freshness: 'fresh', age: 300_000 }],
      endpoints: [{ endpoint: 'kms.example', state: 'healthy' }],
      stores: [],
    },
  ]);
  expect(text.includes('s3cret-')).toBe(false);
});

test('responds ok before the first read', async () => {
  expect(await health(setup().client)).toMatchObject({ status: 200, body: { status: 'ok' } });
});

test('responds degraded, with a 200, while stale values are served', async () => {
  const { client, clock, kms } = setup();
  await client.get('db');
  kms.fail('unreachable');
  await clock.pass('2h');

  const { status, body } = await health(client);

  expect([status, body]).toMatchObject([200, { status: 'degraded', counts: { fresh: 0, stale: 1 } }]);
});

test('responds degraded after a failed refresh, before anything is stale', async () => {
  const { client, kms } = setup();
  await client.get('db');
  kms.fail('rejected', 'db');
  await client.refresh('db').catch(() => {});
  await client.get('api');

  const { status, body } = await health(client);

  const endpoints = [{ state: 'healthy' }];
  expect([status, body]).toMatchObject([200, { status: 'degraded', counts: { fresh: 2, failing: 1 }, endpoints }]);
});

test('responds degraded while an endpoint fails, although a fallback works', async () => {
  const kms = new FakeTransport('one');
  const fallback = new FakeTransport('two');
  kms.fail('unreachable');
  fallback.put('db', 'v1');
  const client = createSecretClient({ endpoints: [kms, fallback], clock: new FakeClock() });
  await client.get('db');

  expect(await health(client)).toMatchObject({
    status: 200,
    body: {
      status: 'degraded',
      counts: { fresh: 1, failing: 0 },
      endpoints: [{ state: 'failing' }, { state: 'healthy' }],
    },
  });
});

test('responds failing while a value is expired', async () => {
  const { client, clock, kms } = setup();
  await client.get('db');
  kms.fail('unreachable');
  clock.freeze('26h');

  expect(await health(client)).toMatchObject({
    status: 503,
    body: { status: 'failing', counts: { expired: 1 } },
  });
});

test('responds failing if nothing is in memory and every endpoint fails', async () => {
  const { client, kms } = setup();
  kms.fail('unreachable');
  await client.get('db').catch(() => {});

  expect(await health(client)).toMatchObject({ status: 503, body: { status: 'failing' } });
});

test('responds failing while a required secret is missing, and names it', async () => {
  const { client, kms } = setup();
  kms.fail('denied', 'api');
  const middleware = secrets(client, { preload: ['db', 'api'] });
  await middleware.ready().catch(() => {});

  expect(await health(client, { required: middleware.preload })).toMatchObject({
    status: 503,
    body: { status: 'failing', missing: ['api'] },
  });
});

test('responds failing after the client was closed', async () => {
  const { client } = setup();
  await client.close();

  expect(await health(client)).toMatchObject({ status: 503, body: { status: 'failing' } });
});

test('refuses unknown options', () => {
  const options = { require: ['db'] } as object; // a mistake that the types reject

  expect(() => secretsHealth(setup().client, options)).toThrow(/require \(secretsHealth\(\)\)[^]*required, details/u);
});
