import { FakeClock, FakeStore, FakeTransport } from '@kms-secrets/testing';
import { describe, expect, test } from 'vitest';
import {
  dbRequest,
  deferred,
  hour,
  setUpClientWithStore,
  setUpFleet,
  storedSecret,
  storeEvents,
} from './client.fixture.ts';
import type { ClientFixture, ClientFixtureOptions } from './client.fixture.ts';
import { errorLink } from '../secret/error-link.fixture.ts';

test('writes a fetched secret to every store, without a wait for the reader', async () => {
  const hanging = new FakeStore();
  const other = new FakeStore();
  hanging.fail('hang', 'write');
  const { client, clock } = setUpClientWithStore({ stores: [hanging, other] });

  const secret = await client.get('db');
  await clock.pass(0);

  expect(secret.versionId).toBe('v1');
  expect(other.peek(dbRequest)).toMatchObject({ versionId: 'v1', fetchedAt: clock.date() });
  expect(client.stats()).toMatchObject({ storeHits: 0, storeMisses: 1 });
});

test('copies a fresh value from one store to the others', async () => {
  const clock = new FakeClock();
  const file = new FakeStore();
  const redis = new FakeStore();
  redis.put(dbRequest, storedSecret(clock));
  const { client } = setUpClientWithStore({ clock, stores: [file, redis] });

  await client.get('db');
  await clock.pass(0);

  expect(file.peek(dbRequest)).toMatchObject({ versionId: 'v0', fetchedAt: clock.date() });
  expect(redis.operations).toEqual(['read db']);
});

test('a copied value does not replace one that was fetched after it', async () => {
  const clock = new FakeClock();
  const file = new FakeStore();
  const redis = new FakeStore();
  file.put(dbRequest, storedSecret(clock, { age: hour / 2 }));
  redis.put(dbRequest, storedSecret(clock, { versionId: 'v1' }));
  const { client } = setUpClientWithStore({ clock, stores: [file, redis] });

  expect((await client.get('db')).versionId).toBe('v0');
  await clock.pass(0);

  expect(redis.operations).toEqual(['write db']);
  expect(redis.peek(dbRequest)).toMatchObject({ versionId: 'v1' });
});

test('describe() counts a write in progress as queued', async () => {
  const { client, store } = setUpClientWithStore();
  store.fail('hang', 'write');

  await client.get('db');

  await Promise.resolve();
  expect(client.describe().stores).toMatchObject([{ queued: 1 }]);
});

test('writes the latest value only when an unavailable store recovers', async () => {
  const fixture = setUpClientWithStore();
  const { client, clock, kms, store } = fixture;
  store.fail('throw');
  await client.get('db');
  kms.put('db', 'v2');
  await client.refresh('db');
  await clock.pass('10s');
  expect(client.describe().stores).toMatchObject([{ state: 'unavailable', queued: 1 }]);
  store.heal();
  store.operations.length = 0;

  await clock.pass('1m');

  expect(store.operations).toEqual(['write db']);
  expect(store.peek(dbRequest)).toMatchObject({ versionId: 'v2' });
  expect(storeEvents(fixture)).toEqual(['failed read db', 'unavailable write db', 'recovered']);
  expect(client.describe().stores).toMatchObject([{ queued: 0 }]);
});

test('a version that was rolled back in KMS replaces the one in the store', async () => {
  const { client, clock, kms, store } = setUpClientWithStore();
  kms.put('db', 'v2');
  await client.get('db');
  await clock.pass('1s');
  kms.put('db', 'v1');

  await client.refresh('db');
  await clock.pass(0);

  expect(store.peek(dbRequest)).toMatchObject({ versionId: 'v1' });
});

test('writes new versions after the calendar was set back', async () => {
  const { client, clock, kms, store } = setUpClientWithStore();
  await client.get('db');
  await clock.pass('1m');
  clock.setDate(clock.date() - hour);
  kms.put('db', 'v2');

  await client.refresh('db');
  await clock.pass(0);

  expect(store.peek(dbRequest)).toMatchObject({ versionId: 'v2', fetchedAt: clock.date() });
});

test('a slow response does not replace an entry that was fetched after it', async () => {
  const { clock, kms, shared, process } = setUpFleet(1, { attemptTimeout: '1m', deadline: '2m', names: ['other'] });
  const { client } = process(0);
  const response = deferred();
  let slowRequests = 0;
  const fetch = kms.fetch.bind(kms);
  kms.fetch = async (request, signal) => {
    if (request.name !== 'db') return fetch(request, signal);
    slowRequests += 1;
    await response.promise;
    kms.put('db', 'v1');
    return fetch(request, signal);
  };
  const read = client.get('db');
  await clock.pass('40s');
  await shared.write(dbRequest, storedSecret(clock, { versionId: 'v2', age: 5_000 }));
  await client.get('other');

  response.resolve();
  await read;
  await clock.pass('1s');

  expect(slowRequests).toBe(1);
  expect(shared.peek(dbRequest)).toMatchObject({ versionId: 'v2' });
});

test('close() writes queued values and closes the stores', async () => {
  const { client, store } = setUpClientWithStore();
  await client.get('db');

  await client.close();

  expect(store.peek(dbRequest)).toMatchObject({ versionId: 'v1' });
  expect(store.isClosed).toBe(true);
});

test('close() waits for a write in progress', async () => {
  const { client, clock, store } = setUpClientWithStore({ storeTimeout: '1s' });
  const written = deferred();
  const write = store.write.bind(store);
  store.write = async (request, secret) => {
    await written.promise;
    await write(request, secret);
  };
  await client.get('db');
  const outcome: string[] = [];
  void client.close().then(() => outcome.push('closed'));

  await clock.pass(900);
  expect(outcome).toEqual([]);
  written.resolve();
  await clock.pass(0);

  expect(outcome).toEqual(['closed']);
  expect(store.peek(dbRequest)).toMatchObject({ versionId: 'v1' });
});

test('close() waits until the stores are closed', async () => {
  const { client, clock, store } = setUpClientWithStore({ storeTimeout: '1s' });
  const closed = deferred();
  store.close = () => closed.promise;
  const outcome: string[] = [];
  void client.close().then(() => outcome.push('closed'));

  await clock.pass(900);
  expect(outcome).toEqual([]);
  closed.resolve();
  await clock.pass(0);

  expect(outcome).toEqual(['closed']);
});

test('close() waits at most storeTimeout for a store that hangs', async () => {
  const { client, clock, store } = setUpClientWithStore({ storeTimeout: '100ms' });
  await client.get('db');
  store.fail('hang', 'write');
  await client.refresh('db');
  const closing = client.close();

  await clock.pass(200);
  await closing;

  expect(store.isClosed).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

describe('a burst of secrets that the store cannot write at once', () => {
  // 48 million characters: more than the values of pending writes may have.
  const names = Array.from({ length: 600 }, (_, index) => `prod/${index}`);
  const value = 's3cret-'.padEnd(80_000, 'x');

  async function burst(options: ClientFixtureOptions = {}): Promise<ClientFixture> {
    const kms = new FakeTransport();
    for (const name of names) kms.put(name, 'v1', { value });
    const limits = { requestsPerSecond: 100_000 };
    const fixture = setUpClientWithStore({ kms, limits, ttl: '10m', ...options });
    fixture.store.fail('throw', 'write');
    await fixture.client.getMany(names);
    return fixture;
  }

  test.each<[string, ClientFixtureOptions]>([
    ['from memory', {}],
    ['by a refresh, if a hook has changed them', { hook: { transform: (secret) => secret } }],
  ])('is in the store when it works again: %s', async (how, options) => {
    const { client, clock, store } = await burst(options);
    await clock.pass('5s');
    store.heal();
    await clock.pass('3m');

    expect(store.size).toBe(600);
    expect(client.describe().stores).toMatchObject([{ state: 'working', queued: 0 }]);
    expect(client.stats().requests > 600).toBe(how !== 'from memory');
  });

  test('is written by close()', async () => {
    const { client, store } = await burst();
    store.heal();
    await client.close();

    expect(store.size).toBe(600);
  });

  test('is counted and reported by close() if the store fails', async () => {
    const { client, events } = await burst();
    await client.close();

    expect(events('store').at(-1)).toMatchObject({ kind: 'failed', operation: 'close', name: undefined });
    expect(events('store').at(-1)?.error?.message).toBe(
      `600 changes of fake store were not written before the client was closed. ${errorLink('ERR_STORE')}`,
    );
    expect(client.stats().storeFailures).toBeGreaterThanOrEqual(600);
  });
});
