// A start while KMS is down, with a store that is slower than storeTimeout.

import { FakeClock, FakeStore, FakeTransport } from '@kms-secrets/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSecretClient } from '../create-client.ts';
import { fileStore } from '../file-store/file-store.ts';
import type { SecretClient } from './client.ts';
import type { SecretStore } from '../ports/store.ts';
import { freshPath } from '../seal/stored-secret.fixture.ts';
import { dbRequest, deferred, hour, setUpClientWithStore, storedSecret } from './client.fixture.ts';
import type { ClientFixture, ClientFixtureOptions } from './client.fixture.ts';
import { errorLink } from '../secret/error-link.fixture.ts';

/** A client whose store responds to reads after `ms` milliseconds. KMS is down. */
function setUp(ms: number, options: ClientFixtureOptions = {}): ClientFixture {
  const fixture = setUpClientWithStore({ storeTimeout: 500, ...options });
  const { clock, store, kms } = fixture;
  const read = store.read.bind(store);
  store.read = async (request) => {
    await new Promise<void>((resolve) => {
      clock.setUnrefTimer(ms, () => resolve());
    });
    return read(request);
  };
  kms.fail('unreachable');
  return fixture;
}

function optional(promise: Promise<void>): Promise<void> | undefined {
  return promise;
}

function settled(promise: Promise<unknown>): { readonly current: string } {
  const state = { current: 'pending' };
  promise.then(
    () => (state.current = 'resolved'),
    () => (state.current = 'rejected'),
  );
  return state;
}

test.each([
  ['fresh', 0, false],
  ['stale', 2 * hour, true],
])('a first read waits for a store that is slow while KMS is down: a %s value', async (_, age, stale) => {
  const { client, clock, store } = setUp(3_000);
  store.put(dbRequest, storedSecret(clock, { age }));
  const reading = client.get('db');
  const state = settled(reading);
  await clock.pass(2_999);

  expect(state.current).toBe('pending');
  await clock.pass(1);

  expect(await reading).toMatchObject({ versionId: 'v0', stale });
});

test('a read waits for a slow store until its own deadline', async () => {
  const { client, clock, store } = setUp(9_000, { deadline: '10s' });
  store.put(dbRequest, storedSecret(clock));
  const late = client.get('db');
  await clock.pass('9s');

  expect((await late).versionId).toBe('v0');
  const failing = client.get('other');
  const state = settled(failing);
  store.fail('hang');
  await clock.pass(8_999);
  expect(state.current).toBe('pending');
  await clock.pass(1_001);

  await expect(failing).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
});

test('the value of a slow store ends the wait for another store', async () => {
  const clock = new FakeClock();
  const slow = new FakeStore();
  const hanging = new FakeStore();
  hanging.fail('hang');
  const { client, kms } = setUpClientWithStore({ clock, stores: [slow, hanging], storeTimeout: 500 });
  const read = slow.read.bind(slow);
  slow.read = async (request) => {
    await new Promise<void>((resolve) => void clock.setUnrefTimer(3_000, resolve));
    return read(request);
  };
  slow.put(dbRequest, storedSecret(clock));
  kms.fail('unreachable');
  const reading = client.get('db');
  const state = settled(reading);

  await clock.pass('3s');

  expect(state.current).toBe('resolved');
});

test('a wait for a slow store leaves no timer', async () => {
  const { client, clock, store } = setUp(3_000);
  store.put(dbRequest, storedSecret(clock));
  const reading = client.get('db');
  await clock.pass('3s');
  await reading;

  await client.close();

  expect(clock.pendingTimers).toBe(0);
});

test.each([
  ['in time', 9_400, 'resolved'],
  ['too late', 9_600, 'rejected'],
])('a store and KMS share the deadline of a read: KMS responds %s', async (_, ms, outcome) => {
  const { client, clock, kms } = setUp(500, { deadline: '10s', attemptTimeout: '30s' });
  kms.heal();
  kms.delayResponses(ms, clock);
  await clock.pass('1h');
  const state = settled(client.get('db'));

  await clock.pass('10s');

  expect(state.current).toBe(outcome);
});

test('reads that start while KMS is down and the store is slow share the wait', async () => {
  const { client, clock, store } = setUp(3_000);
  store.put(dbRequest, storedSecret(clock));
  const first = client.get('db');
  await clock.pass(2_000);
  const second = client.get('db');
  await clock.pass(1_000);

  expect((await Promise.all([first, second])).map(({ versionId }) => versionId)).toEqual(['v0', 'v0']);
  expect(store.operations).toEqual(['read db']);
});

test('KMS is requested after storeTimeout, and its response ends the wait', async () => {
  const { client, clock, kms, store } = setUp(3_000);
  store.put(dbRequest, storedSecret(clock));
  kms.heal();
  const reading = client.get('db');
  await clock.pass(500);

  expect((await reading).versionId).toBe('v1');
  await clock.pass('5s');
  expect(client.peek('db')?.versionId).toBe('v1');
});

test('a refusal of KMS ends the wait, and the late value is not served', async () => {
  const { client, clock, kms, store } = setUp(3_000);
  store.put(dbRequest, storedSecret(clock));
  kms.fail('denied');
  const reading = client.get('db');
  const state = settled(reading);
  await clock.pass(500);

  expect(state.current).toBe('rejected');
  await clock.pass('5s');
  expect(client.peek('db')).toBeUndefined();
});

test('refresh() does not wait for a store', async () => {
  const { client, clock } = setUp(3_000);

  await expect(client.refresh('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });

  expect(clock.now()).toBe(new FakeClock().now());
});

test('a read waits until its deadline for a store that derives its key', async () => {
  const derived = deferred();
  const store = new FakeStore({ name: 'file store /var/cache/app' });
  const deriving: SecretStore & { preparing: Promise<void> | undefined } = Object.assign(store, {
    preparing: optional(derived.promise),
  });
  const { client, clock, kms } = setUpClientWithStore({ store, storeTimeout: 500, deadline: '10s' });
  kms.fail('unreachable');
  store.put(dbRequest, storedSecret(clock));
  const read = store.read.bind(store);
  store.read = async (request) => {
    await derived.promise;
    return read(request);
  };
  const [reading, failing] = [client.get('db'), client.get('db', { stage: 'ACSPrevious' })];
  failing.catch(() => {});
  await clock.pass('9s');
  deriving.preparing = undefined;
  derived.resolve();
  await clock.pass('2s');

  expect((await reading).versionId).toBe('v0');
  expect(client.stats().storeFailures).toBe(0);
  await expect(failing).rejects.toThrow('\n  - file store /var/cache/app: no entry');
});

describe('the error of a read names each store and its state', () => {
  const link = errorLink('ERR_SECRET_UNAVAILABLE');
  const message = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'resolved',
      (error: unknown) => (error as Error).message,
    );

  test('no entry', async () => {
    const { client, clock } = setUp(0);
    const text = message(client.get('db'));
    await clock.pass(0);

    expect((await text).split('\n').slice(-2)).toEqual(['  - fake store: no entry', link]);
  });

  test('no response', async () => {
    const { client, clock } = setUp(60_000, { deadline: '5s' });
    const text = message(client.get('db'));
    await clock.pass('5s');

    expect((await text).split('\n')).toEqual([
      expect.stringMatching(/^Secret "db" \(ACSCurrent\) could not be/u),
      expect.stringContaining('kms.example'),
      '  - fake store failed to read secret "db": no response within 500ms (storeTimeout)',
      link,
    ]);
  });

  test('still deriving its key', async () => {
    const store = Object.assign(new FakeStore(), { preparing: new Promise<void>(() => {}) });
    const { client, clock, kms } = setUpClientWithStore({ store, deadline: '5s' });
    store.fail('hang');
    kms.fail('unreachable');
    const text = message(client.get('db'));
    await clock.pass('5s');

    expect((await text).split('\n').slice(-2)).toEqual([
      '  - fake store: not ready yet: it derives its key, or connects',
      link,
    ]);
  });

  test('skipped after failures', async () => {
    const { client, store, kms } = setUpClientWithStore();
    kms.fail('unreachable');
    store.fail('throw');
    for (const name of ['a', 'b', 'c']) await message(client.get(name));

    expect((await message(client.get('d'))).split('\n').slice(-2)).toEqual([
      '  - fake store failed to read secret "c": Error was thrown (skipped since)',
      link,
    ]);
  });
});

test('a file store with a passphrase serves a start while KMS is down, however slow its key is', async () => {
  const path = await freshPath();
  const open = (kms: FakeTransport, storeTimeout: number): SecretClient => {
    const stores = fileStore({ path, passphrase: 's3cret-passphrase' });
    const client = createSecretClient({ endpoints: [kms], stores, storeTimeout, retry: { maxAttempts: 1 } });
    onTestFinished(() => client.close());
    return client;
  };
  const before = new FakeTransport();
  before.put('db', 'v1');
  const first = open(before, 10_000);
  await first.get('db');
  await first.close();
  const down = new FakeTransport();
  down.fail('unreachable');

  // A scrypt takes about 100 ms.
  expect((await open(down, 10).get('db')).versionId).toBe('v1');
});
