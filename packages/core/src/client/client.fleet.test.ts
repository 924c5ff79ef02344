import { FakeClock, FakeStore, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { SecretClient } from './client.ts';
import { createSecretClient } from '../create-client.ts';
import type { SecretClientOptions } from '../options/options.ts';
import type { StoredSecret } from '../ports/store.ts';
import type { SecretRequest } from '../secret/secret-request.ts';

const request: SecretRequest = { name: 'db', stage: 'ACSCurrent', versionId: undefined };
const hour = 3_600_000;

function stored({ clock }: Pick<Fleet, 'clock'>, versionId: string, age: number): StoredSecret {
  const fetchedAt = clock.date() - age;
  return {
    name: 'db',
    versionId,
    stages: ['ACSCurrent'],
    type: 'Generic',
    dataType: 'text',
    value: 's3cret-a',
    fetchedAt,
  };
}

interface Member {
  readonly client: SecretClient;
  readonly store: FakeStore;
}

interface Fleet {
  readonly clock: FakeClock;
  /** One KMS for all. */
  readonly kms: FakeTransport;
  readonly members: readonly Member[];
  readonly shared: FakeStore;
}

/** Every process draws its own luck, evenly spread. */
function fleet(size: number, options: SecretClientOptions = {}): Fleet {
  let drawn = 0;
  const clock = new FakeClock({ random: () => ((drawn += 1) * 0.618_034) % 1 });
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const shared = new FakeStore({ isShared: true, clock });
  const members = Array.from({ length: size }, (_, index) => {
    const store = shared.join(`process ${index}`);
    const client = createSecretClient({ endpoints: [kms], clock, ttl: '10m', idleTtl: 0, stores: store, ...options });
    return { client, store };
  });
  return { clock, kms, members, shared };
}

function at({ members }: Fleet, index: number): Member {
  const member = members[index];
  if (member === undefined) throw new RangeError(`There is no process ${index}.`);
  return member;
}

function versions({ members }: Fleet): readonly (string | undefined)[] {
  return [...new Set(members.map(({ client }) => client.peek('db')?.versionId))];
}

test('fifty processes that start together ask KMS once', async () => {
  const all = fleet(50);

  const reading = Promise.all(all.members.map(({ client }) => client.get('db')));
  await all.clock.pass('1s');
  await reading;

  expect(all.kms.requests.length).toBe(1);
  expect(versions(all)).toEqual(['v1']);
});

test('a rotation that one process fetches is fresh in all fifty, for one request to KMS', async () => {
  const all = fleet(50);
  const reading = Promise.all(all.members.map(({ client }) => client.get('db')));
  await all.clock.pass('1s');
  await reading;
  const rotated: string[] = [];
  for (const { client, store } of all.members) client.on('rotated', () => rotated.push(store.name));
  all.kms.put('db', 'v2');

  await all.clock.pass('10m');

  expect(all.kms.requests.length).toBe(2);
  expect(versions(all)).toEqual(['v2']);
  expect(rotated.length).toBe(50);
});

test('a refresh that one process demands is landed in the others at once', async () => {
  const all = fleet(3);
  for (const { client } of all.members) await client.get('db');
  await all.clock.pass('1s');
  all.kms.put('db', 'v2');
  const asked = all.kms.requests.length;

  await at(all, 0).client.refresh('db');
  await all.clock.pass(0);

  expect(versions(all)).toEqual(['v2']);
  expect(all.kms.requests.length).toBe(asked + 1);
});

test('a reader that has a lease holder before it that died waits for two seconds, and then asks', async () => {
  const all = fleet(2);
  await all.shared.lease?.(request, hour);
  const reading = at(all, 0).client.get('db');

  await all.clock.pass(1_999);
  expect(all.kms.requests.length).toBe(0);
  await all.clock.pass(1);

  expect((await reading).versionId).toBe('v1');
});

test('whoever finds an old value in the store waits no longer for its turn than it would for KMS', async () => {
  const all = fleet(1);
  all.shared.put(request, stored(all, 'v0', hour));
  await all.shared.lease?.(request, hour);
  const reading = at(all, 0).client.get('db');

  await all.clock.pass('1s');

  expect(await reading).toMatchObject({ versionId: 'v0', stale: true });
});

test('a less old value that the store brings meanwhile is served while KMS is away', async () => {
  const all = fleet(2, { retry: { maxAttempts: 1 }, staleDeadline: '5s' });
  all.shared.put(request, stored(all, 'v0', hour));
  all.kms.fail('hang');
  const reading = at(all, 0).client.get('db');
  await all.clock.pass(100);

  await at(all, 1).store.write(request, stored(all, 'v1', hour / 2));
  await all.clock.pass('5s');

  expect(await reading).toMatchObject({ versionId: 'v1', stale: true });
});

test('a fresh value that another brings meanwhile is served, though KMS does not answer us', async () => {
  const all = fleet(2, { staleDeadline: '2s' });
  all.shared.put(request, stored(all, 'v0', hour));
  all.kms.fail('hang');
  const reading = at(all, 0).client.get('db');
  await all.clock.pass(100);

  await at(all, 1).store.write(request, stored(all, 'v1', 0));
  await all.clock.pass('2s');

  expect(await reading).toMatchObject({ versionId: 'v1', stale: false });
});

test('what a process wrote itself, and finds in the store again, is no news', async () => {
  const all = fleet(1);
  const { client } = at(all, 0);
  await client.get('db');
  let refreshes = 0;
  client.on('refreshed', () => (refreshes += 1));
  // The calendar and the clock are cut to whole milliseconds at different moments.
  const own = all.shared.peek(request) as StoredSecret;
  all.shared.put(request, { ...own, fetchedAt: own.fetchedAt + 1 });
  all.kms.fail('denied');

  await all.clock.pass('10m');

  expect(refreshes).toBe(0);
});

test('who waits for its turn does not wait for news that got lost', async () => {
  const all = fleet(2);
  const { client, store } = at(all, 1);
  await store.join('elsewhere').lease?.(request, 3_600_000);
  const reading = client.get('db');
  await all.clock.pass(100);
  store.put(request, {
    name: 'db',
    versionId: 'v7',
    stages: ['ACSCurrent'],
    type: 'Generic',
    dataType: 'text',
    value: 's3cret-db',
    fetchedAt: all.clock.date(),
  });

  await all.clock.pass(250);

  expect((await reading).versionId).toBe('v7');
  expect(all.kms.requests.length).toBe(0);
});

test.each(['hang', 'throw'] as const)('with leases that %s every process asks for itself', async (fault) => {
  const all = fleet(2, { storeTimeout: '100ms' });
  for (const { store } of all.members) store.fail(fault, 'lease');

  const reading = Promise.all(all.members.map(({ client }) => client.get('db')));
  await all.clock.pass(100);
  await reading;

  expect(all.kms.requests.length).toBe(2);
});

test('a shared store that hangs altogether costs a first read storeTimeout, not twice that', async () => {
  const all = fleet(1, { storeTimeout: '100ms' });
  at(all, 0).store.fail('hang');
  const reading = at(all, 0).client.get('db');

  await all.clock.pass(100);

  expect((await reading).versionId).toBe('v1');
});

test('a refresh that joins a read which a store could answer asks KMS all the same', async () => {
  const all = fleet(2);
  await at(all, 0).client.get('db');
  await all.clock.pass('1s');
  all.kms.put('db', 'v2');
  const reading = at(all, 1).client.get('db');

  expect((await at(all, 1).client.refresh('db')).versionId).toBe('v2');
  expect((await reading).versionId).toBe('v2');
});

test('whoever waits for another in vain has half of its deadline left', async () => {
  const all = fleet(1, { deadline: '1s' });
  await all.shared.lease?.(request, hour);
  const reading = at(all, 0).client.get('db');

  await all.clock.pass(500);

  expect((await reading).versionId).toBe('v1');
});

test('a turn is given back when the fetch comes to nothing', async () => {
  const all = fleet(2, { retry: { maxAttempts: 1 } });
  all.kms.fail('unreachable');
  await expect(at(all, 0).client.get('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  await all.clock.pass(0);
  all.kms.heal();

  expect((await at(all, 1).client.get('db')).versionId).toBe('v1');
  expect(all.clock.now()).toBe(0);
});

test('what one process is refused the others ask for anew, and keep if they are not', async () => {
  const all = fleet(2);
  for (const { client } of all.members) await client.get('db');
  await all.clock.pass('1s');
  const asked = all.kms.requests.length;

  void at(all, 0).client.invalidate('db');
  await all.clock.pass('2s');

  expect(all.kms.requests.length).toBe(asked + 1);
  expect(at(all, 1).client.peek('db')).toMatchObject({ versionId: 'v1', stale: false });
});

test('news of what was fetched earlier than what is held changes nothing', async () => {
  const all = fleet(1);
  const { client, store } = at(all, 0);
  await client.get('db');
  await all.clock.pass('1s');
  const read = store.operations.filter((operation) => operation.startsWith('read')).length;

  store.emit({ kind: 'written', request: { name: 'db', stage: 'ACSCurrent' }, fetchedAt: all.clock.date() - 60_000 });
  await all.clock.pass(0);

  expect(store.operations.filter((operation) => operation.startsWith('read')).length).toBe(read);
});

test('a store that says that it is away is left alone until it says that it is back', async () => {
  const all = fleet(1);
  const { client, store } = at(all, 0);
  const told: string[] = [];
  client.on('store', ({ kind }) => told.push(kind));
  store.emit({ kind: 'unavailable', reason: 'no connection' });

  await client.get('db');
  await all.clock.pass(0);
  expect(store.operations).toEqual([]);
  store.emit({ kind: 'recovered' });
  await all.clock.pass(0);

  expect(store.operations).toEqual(['write db']);
  expect(told).toEqual(['unavailable', 'recovered']);
});

test('an entry that a store dropped by itself is told as an event', async () => {
  const all = fleet(1);
  const { client, store } = at(all, 0);
  const told: string[] = [];
  client.on('store', ({ kind, name, error }) => told.push(`${kind} ${String(name)} ${error?.message ?? ''}`));

  store.emit({ kind: 'dropped', name: undefined, reason: 'it was torn' });

  expect(told).toEqual(['dropped undefined An entry in process 0 was dropped: it was torn.']);
  await client.close();
});

test('a closed client hears nothing any more', async () => {
  const all = fleet(2);
  await at(all, 1).client.get('db');
  await at(all, 1).client.close();
  const asked = at(all, 1).store.operations.length;

  await at(all, 0).client.get('db');
  await all.clock.pass('1h');

  expect(at(all, 1).store.operations.length).toBe(asked);
});
