import { expect, test } from 'vitest';
import { setUpClient } from './client.fixture.ts';
import type { ClientFixture, ClientFixtureOptions } from './client.fixture.ts';
import { isSecretClient } from './is-secret-client.ts';

const setUp = (options: ClientFixtureOptions = {}): ClientFixture =>
  setUpClient({ names: ['db', 'api', 'key'], retry: { maxAttempts: 1 }, ...options });

test('counts secrets by freshness while they age, recover and are dropped', async () => {
  const { client, clock, kms } = setUp();
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

test('does not count evicted secrets', async () => {
  const { client } = setUp({ limits: { maxEntries: 2 } });
  for (const name of ['db', 'api', 'key']) await client.get(name);

  expect(client.health().counts).toEqual({ fresh: 2, stale: 0, expired: 0, failing: 0 });
});

test('does not count a preloaded name that could never be read', async () => {
  const { client, kms } = setUp({ preload: ['db', 'gone'] });
  kms.fail('unreachable', 'gone');
  await client.get('db');
  await client.get('gone').catch(() => {});

  expect(client.health({ required: ['db', 'gone'] })).toMatchObject({
    status: 'failing',
    missing: ['gone'],
    counts: { fresh: 1, failing: 0 },
  });
});

test('a required name must be in memory in the default stage', async () => {
  const { client } = setUp();
  await client.get('db', { stage: 'ACSPrevious' }).catch(() => {});
  const before = client.health({ required: ['db'] });
  await client.get('db');

  expect([before.missing, client.health({ required: ['db'] }).missing]).toEqual([['db'], []]);
});

test('lists secrets only on request', async () => {
  const { client } = setUp();
  await client.get('db');

  expect(client.health()).not.toHaveProperty('secrets');
  expect(client.health({ details: true }).secrets).toEqual([
    { name: 'db', versionId: 'v1', freshness: 'fresh', age: 0 },
  ]);
});

test('statusOf() returns the status of one secret and counts as no read', async () => {
  const { client, clock } = setUp();
  await client.get('db');
  await clock.pass('5m');

  expect(client.statusOf('db')).toMatchObject({ name: 'db', versionId: 'v1', freshness: 'fresh', age: 300_000 });
  expect(client.statusOf('db')?.lastReadAgo).toBe(300_000);
  expect(client.statusOf('db', { stage: 'ACSPrevious' })).toBeUndefined();
  expect(client.statusOf('api')).toBeUndefined();
});

test('isClosed is true after close(), and health() is failing', async () => {
  const { client } = setUp();
  const before = client.isClosed;
  await client.close();

  expect([before, client.isClosed, client.health().status]).toEqual([false, true, 'failing']);
});

test('isSecretClient() recognizes a client by its methods', () => {
  const { client } = setUp();
  const methods = { get: () => {}, getMany: () => {}, peek: () => {}, close: () => {} };

  expect([client, methods].map(isSecretClient)).toEqual([true, true]);
  expect([undefined, null, 'db', {}, { endpoints: [] }, { getMany: true }].map(isSecretClient)).not.toContain(true);
});
