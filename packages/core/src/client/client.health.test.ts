import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { SecretHandle } from './handle.ts';
import { createSecretClient } from '../create-client.ts';
import { isSecretClient } from './is-secret-client.ts';
import type { SecretClientOptions } from '../options/options.ts';
import type { SecretClient } from './client.ts';

interface Setup {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
}

function setup(options: SecretClientOptions = {}): Setup {
  const clock = new FakeClock();
  const kms = new FakeTransport();
  for (const name of ['db', 'api', 'key']) kms.put(name, 'v1');
  const client = createSecretClient({
    endpoints: [kms],
    clock,
    ttl: '1h',
    staleIfError: '24h',
    retry: { maxAttempts: 1 },
    ...options,
  });
  return { client, clock, kms };
}

test('counts secrets by freshness while they age, recover and are dropped', async () => {
  const { client, clock, kms } = setup();
  await client.getMany(['db', 'api', 'key']);
  const fresh = client.health().counts;
  kms.fail('unreachable');
  await clock.pass('2h');
  const stale = client.health().counts;
  kms.heal();
  await client.refresh('db');
  await client.invalidate('key');
  const recovered = client.health().counts;
  kms.fail('unreachable');
  clock.freeze('26h');
  const expired = client.health().counts;

  expect(fresh).toEqual({ fresh: 3, stale: 0, expired: 0, failing: 0 });
  expect(stale).toEqual({ fresh: 0, stale: 3, expired: 0, failing: 3 });
  expect(recovered).toEqual({ fresh: 1, stale: 1, expired: 0, failing: 1 });
  expect(expired).toMatchObject({ fresh: 0, stale: 0, expired: 2 });
});

test('counts evicted secrets no longer', async () => {
  const { client } = setup({ limits: { maxEntries: 2 } });
  for (const name of ['db', 'api', 'key']) await client.get(name);

  expect(client.health().counts).toEqual({ fresh: 2, stale: 0, expired: 0, failing: 0 });
});

test('does not count a preloaded name that could never be read', async () => {
  const { client, kms } = setup({ preload: ['db', 'gone'] });
  kms.fail('unreachable', 'gone');
  await client.get('db');
  await client.get('gone').catch(() => {});

  expect(client.health({ required: ['db', 'gone'] })).toMatchObject({
    status: 'failing',
    missing: ['gone'],
    counts: { fresh: 1, failing: 0 },
  });
});

test('a required name has to be in memory in the stage of the client', async () => {
  const { client } = setup();
  await client.get('db', { stage: 'ACSPrevious' }).catch(() => {});
  const before = client.health({ required: ['db'] });
  await client.get('db');

  expect([before.missing, client.health({ required: ['db'] }).missing]).toEqual([['db'], []]);
});

test('lists secrets only on request', async () => {
  const { client } = setup();
  await client.get('db');

  expect(client.health()).not.toHaveProperty('secrets');
  expect(client.health({ details: true }).secrets).toEqual([
    { name: 'db', versionId: 'v1', freshness: 'fresh', age: 0 },
  ]);
});

test('has the status of one secret, without a read of it', async () => {
  const { client, clock } = setup();
  await client.get('db');
  await clock.pass('5m');

  expect(client.statusOf('db')).toMatchObject({ name: 'db', versionId: 'v1', freshness: 'fresh', age: 300_000 });
  expect(client.statusOf('db')?.lastReadAgo).toBe(300_000);
  expect(client.statusOf('db', { stage: 'ACSPrevious' })).toBeUndefined();
  expect(client.statusOf('api')).toBeUndefined();
});

test('says whether it is closed', async () => {
  const { client } = setup();
  const before = client.isClosed;
  await client.close();

  expect([before, client.isClosed, client.health().status]).toEqual([false, true, 'failing']);
});

test('a handle past the TTL looks up its own secret alone', async () => {
  const { client, clock } = setup();
  await client.get('db');
  const db = new SecretHandle(client, 'db');
  client.describe = () => expect.fail('A handle must not list all secrets.');
  clock.freeze('2h');

  expect(db.current).toMatchObject({ versionId: 'v1', stale: true });
});

test('isSecretClient tells clients from options, by their methods', () => {
  const { client } = setup();
  const methods = { get: () => {}, getMany: () => {}, peek: () => {}, close: () => {} };

  expect([client, methods].map(isSecretClient)).toEqual([true, true]);
  expect([undefined, null, 'db', {}, { endpoints: [] }, { getMany: true }].map(isSecretClient)).not.toContain(true);
});
