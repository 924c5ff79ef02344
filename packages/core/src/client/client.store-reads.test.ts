import { FakeClock, FakeStore } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { StoredSecret } from '../ports/store.ts';
import type { Secret } from '../secret/secret.ts';
import { dbRequest, hour, setUpClientWithStore, storedSecret, storeEvents } from './client.fixture.ts';

test('serves a fresh value from the store without a request to KMS', async () => {
  const { client, clock, kms, store } = setUpClientWithStore({ idleTtl: 0 });
  store.put(dbRequest, storedSecret(clock, { age: hour / 2 }));

  expect(await client.get('db')).toMatchObject({ versionId: 'v0', stale: false });
  expect(kms.requests.length).toBe(0);
  expect(client.describe().secrets[0]?.age).toBe(hour / 2);
  await clock.pass(hour / 2);

  // Refreshed by the age that it had in the store.
  expect(client.peek('db')?.versionId).toBe('v1');
});

test('serves a fresh value from the store that has no stages, as a custom transport may return it', async () => {
  const { client, clock, kms, store } = setUpClientWithStore();
  store.put(dbRequest, storedSecret(clock, { stages: [] }));

  expect(await client.get('db')).toMatchObject({ versionId: 'v0', stages: [], stale: false });
  expect(kms.requests).toEqual([]);
});

test('requests KMS if the value in the store is past its TTL', async () => {
  const { client, clock, store } = setUpClientWithStore();
  store.put(dbRequest, storedSecret(clock, { age: 2 * hour }));

  expect(await client.get('db')).toMatchObject({ versionId: 'v1', stale: false });
});

test('serves a stale value from the store while KMS is unavailable', async () => {
  const { client, clock, kms, store, events, lines } = setUpClientWithStore({ retry: { maxAttempts: 5 } });
  store.put(dbRequest, storedSecret(clock, { age: 2 * hour }));
  kms.fail('unreachable');

  expect(await client.get('db')).toMatchObject({ versionId: 'v0', stale: true });
  expect(clock.now()).toBe(0);
  expect(events('stale')).toMatchObject([{ name: 'db', age: 2 * hour }]);
  expect(lines.some((line) => line.includes('Serving a stale value of "db" (age 2 h)'))).toBe(true);
});

test('ready() accepts a stale value from the store while KMS is unavailable', async () => {
  const { client, clock, kms, store } = setUpClientWithStore({ preload: ['db'] });
  store.put(dbRequest, storedSecret(clock, { age: 2 * hour }));
  kms.fail('unreachable');

  await expect(client.ready()).resolves.toBeUndefined();
  expect(client.peek('db')).toMatchObject({ versionId: 'v0', stale: true });
});

test('serves a stale value from the store after staleDeadline while KMS hangs', async () => {
  const { client, clock, kms, store } = setUpClientWithStore({ staleDeadline: '1s' });
  store.put(dbRequest, storedSecret(clock, { age: 2 * hour }));
  kms.fail('hang');
  const read = client.get('db');

  await clock.pass('1s');

  expect(await read).toMatchObject({ versionId: 'v0', stale: true });
});

test('a read that waits for the store and for KMS meets its deadline', async () => {
  const options = { deadline: '1s', staleDeadline: '5s', storeTimeout: '1s' } as const;
  const { client, clock, kms, store } = setUpClientWithStore(options);
  store.read = async () => {
    await new Promise<void>((resolve) => clock.setUnrefTimer(400, resolve));
    return storedSecret(clock, { age: 2 * hour });
  };
  kms.fail('hang');
  const outcome: string[] = [];
  void client.get('db').then(({ versionId }) => outcome.push(versionId));

  await clock.pass('1s');

  expect(outcome).toEqual(['v0']);
});

test('serves no value from the store past its TTL and staleIfError', async () => {
  const { client, clock, kms, store } = setUpClientWithStore();
  store.put(dbRequest, storedSecret(clock, { age: 26 * hour }));
  kms.fail('unreachable');

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
});

test('requests KMS for a managed secret whose rotation was due', async () => {
  const { client, clock, store } = setUpClientWithStore();
  const rotation = { state: 'Enabled', interval: hour, lastAt: undefined, nextAt: clock.date() - 60_000 } as const;
  store.put(dbRequest, storedSecret(clock, { age: hour / 2, rotation }));

  expect((await client.get('db')).versionId).toBe('v1');
});

test('reads the stores in order until one has a fresh value', async () => {
  const clock = new FakeClock();
  const first = new FakeStore();
  const second = new FakeStore();
  const third = new FakeStore();
  first.put(dbRequest, storedSecret(clock, { age: 2 * hour, versionId: 'old' }));
  second.put(dbRequest, storedSecret(clock, { versionId: 'new' }));
  const { client } = setUpClientWithStore({ clock, stores: [first, second, third] });

  expect((await client.get('db')).versionId).toBe('new');
  expect(third.operations).not.toContain('read db');
  expect(client.stats()).toMatchObject({ storeHits: 1, storeMisses: 0 });
});

test('refresh() requests KMS although the store has a fresh value', async () => {
  const { client, clock, kms, store } = setUpClientWithStore();
  store.put(dbRequest, storedSecret(clock));

  expect((await client.refresh('db')).versionId).toBe('v1');
  expect(kms.requests.length).toBe(1);
});

test('stores the original value; hook.transform runs again when it is loaded', async () => {
  const clock = new FakeClock();
  const hook = { transform: (secret: Secret): Secret => secret.withText('s3cret-opened') };
  const { client, store } = setUpClientWithStore({ clock, hook });
  await client.get('db');
  await clock.pass(0);
  const { client: next, kms } = setUpClientWithStore({ clock, hook, store });

  const secret = await next.get('db');

  expect((store.peek(dbRequest) as StoredSecret).value === 's3cret-db-v1').toBe(true);
  expect(secret.text() === 's3cret-opened').toBe(true);
  expect(kms.requests.length).toBe(0);
});

test('requests KMS if hook.transform rejects the value from the store', async () => {
  const transform = (secret: Secret): Secret => {
    if (secret.versionId === 'v0') throw new Error('too old');
    return secret;
  };
  const { client, clock, store } = setUpClientWithStore({ hook: { transform } });
  store.put(dbRequest, storedSecret(clock));

  expect((await client.get('db')).versionId).toBe('v1');
});

test('an entry with a future date is not fresh and is replaced', async () => {
  const { client, clock, store } = setUpClientWithStore();
  store.put(dbRequest, storedSecret(clock, { age: -hour, versionId: 'v9' }));

  expect((await client.get('db')).versionId).toBe('v1');
  await clock.pass(0);

  expect(store.peek(dbRequest)).toMatchObject({ versionId: 'v1', fetchedAt: clock.date() });
});

test('an entry with a future date is served as stale while KMS is unavailable', async () => {
  const { client, clock, kms, store } = setUpClientWithStore();
  store.put(dbRequest, storedSecret(clock, { age: -hour }));
  kms.fail('unreachable');

  expect(await client.get('db')).toMatchObject({ versionId: 'v0', stale: true });
});

const invalidEntries: readonly (readonly [string, (clock: FakeClock) => unknown])[] = [
  ['of another secret', (clock) => storedSecret(clock, { name: 'other' })],
  ['without the requested stage', (clock) => storedSecret(clock, { stages: ['ACSPrevious'] })],
  ['that is a string', () => 's3cret-text'],
  ['that is a list', () => []],
  ['without fields', () => ({})],
  ['whose value is a number', (clock) => ({ ...storedSecret(clock), value: 7 })],
  ['without a version', (clock) => ({ ...storedSecret(clock), versionId: '' })],
  ['with an invalid date', (clock) => storedSecret(clock, { fetchedAt: Number.NaN })],
  ['whose stages are no list', (clock) => ({ ...storedSecret(clock), stages: 'ACSCurrent' })],
  ['with an unknown data type', (clock) => ({ ...storedSecret(clock), dataType: 'json' })],
  ['with an invalid rotation', (clock) => ({ ...storedSecret(clock), rotation: { state: 'Enabled', nextAt: 'soon' } })],
  ['with an invalid configuration', (clock) => ({ ...storedSecret(clock), extendedConfig: [] })],
];

test.each(invalidEntries)('drops an entry %s and never serves it', async (_what, make) => {
  const fixture = setUpClientWithStore();
  const { client, clock, kms, store } = fixture;
  store.put(dbRequest, make(clock));
  kms.fail('unreachable');

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  await clock.pass(0);

  expect(storeEvents(fixture)).toEqual(['dropped read db']);
  expect(store.size).toBe(0);
});

test('drops an entry of another version than the requested one', async () => {
  const fixture = setUpClientWithStore();
  const { client, clock, store } = fixture;
  store.put({ name: 'db', stage: undefined, versionId: 'v1' }, storedSecret(clock));

  expect((await client.get('db', { versionId: 'v1' })).versionId).toBe('v1');
  expect(storeEvents(fixture)).toEqual(['dropped read db']);
});

/** An entry that returns another value when it is used than when it was checked. */
function changingEntry(clock: FakeClock): unknown {
  let reads = 0;
  return {
    ...storedSecret(clock),
    get value(): unknown {
      reads += 1;
      return reads === 1 ? 's3cret-stored' : { toString: () => 's3cret-other' };
    },
  };
}

/** An entry whose properties cannot be listed. */
function unlistableEntry(clock: FakeClock): unknown {
  return new Proxy(storedSecret(clock), {
    ownKeys() {
      throw new Error('not to be listed');
    },
  });
}

test.each([
  ['changes between check and use', changingEntry],
  ['cannot be copied', unlistableEntry],
])('serves the checked value of an entry that %s', async (_what, make) => {
  const { client, clock, store } = setUpClientWithStore();
  store.read = () => Promise.resolve(make(clock) as StoredSecret);

  expect((await client.get('db')).text() === 's3cret-stored').toBe(true);
});

interface PendingStore {
  readonly store: FakeStore;
  /** Ends the oldest reads. */
  readonly respond: (count: number) => void;
}

function pendingStore(clock: FakeClock): PendingStore {
  const store = new FakeStore();
  const reads: (() => void)[] = [];
  store.read = ({ name }) =>
    new Promise((resolve) => {
      reads.push(() => resolve(storedSecret(clock, { name })));
    });
  const respond = (count: number): void => {
    for (const read of reads.splice(0, count)) read();
  };
  return { store, respond };
}

test('a blocked event loop is no failure of the store', async () => {
  const clock = new FakeClock();
  const { store, respond } = pendingStore(clock);
  const { client, kms, ...fixture } = setUpClientWithStore({ clock, store });
  const names = Array.from({ length: 50 }, (_, index) => `db-${index}`);
  const reads = client.getMany(names);
  await clock.pass(10);

  clock.freeze(700);
  await clock.pass(0);
  respond(50);
  await clock.pass(0);

  expect(Object.values(await reads).map(({ versionId }) => versionId)).toEqual(names.map(() => 'v0'));
  expect([client.stats().storeHits, client.stats().storeFailures, kms.requests.length]).toEqual([50, 0, 0]);
  expect(fixture.events('store')).toEqual([]);
});

test('two thousand first reads take turns at a store that needs 100 ms for 256 of them', async () => {
  const clock = new FakeClock();
  const { store, respond } = pendingStore(clock);
  const { client, kms } = setUpClientWithStore({ clock, store });
  const reads = Promise.all(Array.from({ length: 2_000 }, (_, index) => client.get(`db-${index}`)));

  for (let batch = 0; batch < 8; batch += 1) {
    await clock.pass(100);
    respond(256);
  }

  expect(new Set((await reads).map(({ versionId }) => versionId))).toEqual(new Set(['v0']));
  expect([client.stats().storeHits, client.stats().storeFailures, kms.requests.length]).toEqual([2_000, 0, 0]);
});
