import { expect, test } from 'vitest';
import type { StoredSecret } from '../ports/store.ts';
import { dbRequest, foreignArn, hour, setUpFleet, storedSecret, storeEvents } from './client.fixture.ts';
import type { FleetFixture } from './client.fixture.ts';
import { errorLink } from '../secret/error-link.fixture.ts';

/** Reads `db` in every process at the same time. */
async function readAll({ clock, processes }: FleetFixture): Promise<void> {
  const reads = Promise.all(processes.map(({ client }) => client.get('db')));
  await clock.pass('1s');
  await reads;
}

/** The different versions that the processes have. */
const versionsOf = ({ processes }: FleetFixture): readonly (string | undefined)[] => [
  ...new Set(processes.map(({ client }) => client.peek('db')?.versionId)),
];

test('fifty processes that start together make one request', async () => {
  const fleet = setUpFleet(50);

  await readAll(fleet);

  expect(fleet.kms.requests.length).toBe(1);
  expect(versionsOf(fleet)).toEqual(['v1']);
});

test('a rotation reaches all fifty processes with one request', async () => {
  const fleet = setUpFleet(50);
  await readAll(fleet);
  fleet.kms.put('db', 'v2');

  await fleet.clock.pass('10m');

  expect(fleet.kms.requests.length).toBe(2);
  expect(versionsOf(fleet)).toEqual(['v2']);
  expect(fleet.processes.map(({ events }) => events('rotated').length)).toEqual(fleet.processes.map(() => 1));
});

test('a refusal of an ARN of another account causes no request of other processes', async () => {
  const { clock, kms, processes, process } = setUpFleet(10);
  await Promise.all(processes.map(({ client }) => client.get('db')));
  await clock.pass('11s');
  kms.fail('denied', foreignArn);
  const requestsBefore = kms.requests.length;

  await process(0)
    .client.get(foreignArn)
    .catch(() => {});
  await clock.pass('1m');

  // Of the ARN, and of `db` by the process that was refused.
  expect(kms.requests.length).toBe(requestsBefore + 2);
});

test('refresh() in one process updates the others at once', async () => {
  const fleet = setUpFleet(3);
  const { clock, kms, processes, process } = fleet;
  for (const { client } of processes) await client.get('db');
  await clock.pass('1s');
  kms.put('db', 'v2');
  const requestsBefore = kms.requests.length;

  await process(0).client.refresh('db');
  await clock.pass(0);

  expect(versionsOf(fleet)).toEqual(['v2']);
  expect(kms.requests.length).toBe(requestsBefore + 1);
});

test('refresh() requests KMS although a pending read may be served by a store', async () => {
  const { clock, kms, process } = setUpFleet(2);
  await process(0).client.get('db');
  await clock.pass('1s');
  kms.put('db', 'v2');
  const read = process(1).client.get('db');

  expect((await process(1).client.refresh('db')).versionId).toBe('v2');
  expect((await read).versionId).toBe('v2');
});

test('serves a less stale value that arrives while KMS hangs', async () => {
  const { clock, kms, shared, process } = setUpFleet(2, { retry: { maxAttempts: 1 }, staleDeadline: '5s' });
  shared.put(dbRequest, storedSecret(clock, { age: hour }));
  kms.fail('hang');
  const read = process(0).client.get('db');
  await clock.pass(100);

  await process(1).store.write(dbRequest, storedSecret(clock, { versionId: 'v1', age: hour / 2 }));
  await clock.pass('5s');

  expect(await read).toMatchObject({ versionId: 'v1', stale: true });
});

test('serves a fresh value that another process writes while KMS hangs', async () => {
  const { clock, kms, shared, process } = setUpFleet(2, { staleDeadline: '2s' });
  shared.put(dbRequest, storedSecret(clock, { age: hour }));
  kms.fail('hang');
  const read = process(0).client.get('db');
  await clock.pass(100);

  await process(1).store.write(dbRequest, storedSecret(clock, { versionId: 'v1' }));
  await clock.pass('2s');

  expect(await read).toMatchObject({ versionId: 'v1', stale: false });
});

test('ignores the entry that the process wrote itself', async () => {
  const { clock, kms, shared, process } = setUpFleet(1);
  const { client, events } = process(0);
  await client.get('db');
  // The calendar and the clock may be rounded to different milliseconds.
  const own = shared.peek(dbRequest) as StoredSecret;
  shared.put(dbRequest, { ...own, fetchedAt: own.fetchedAt + 1 });
  kms.fail('denied');

  await clock.pass('10m');

  expect(events('refreshed')).toEqual([]);
  expect(events('failed').length).toBeGreaterThan(0);
});

test('the other processes confirm a removal with KMS and keep their value', async () => {
  const { clock, kms, processes, process } = setUpFleet(2);
  for (const { client } of processes) await client.get('db');
  await clock.pass('1s');
  const requestsBefore = kms.requests.length;

  void process(0).client.invalidate('db');
  await clock.pass('2s');

  expect(kms.requests.length).toBe(requestsBefore + 1);
  expect(process(1).client.peek('db')).toMatchObject({ versionId: 'v1', stale: false });
});

test('ignores an event of an earlier fetch than its own', async () => {
  const { clock, process } = setUpFleet(1);
  const { client, store } = process(0);
  await client.get('db');
  await clock.pass('1s');
  const reads = (): number => store.operations.filter((operation) => operation.startsWith('read')).length;
  const readsBefore = reads();

  store.emit({ kind: 'written', request: { name: 'db', stage: 'ACSCurrent' }, fetchedAt: clock.date() - 60_000 });
  await clock.pass(0);

  expect(reads()).toBe(readsBefore);
});

test('skips a store from its unavailable event to its recovered event', async () => {
  const { clock, process } = setUpFleet(1);
  const fixture = process(0);
  const { client, store } = fixture;
  store.emit({ kind: 'unavailable', reason: 'no connection' });

  await client.get('db');
  await clock.pass(0);
  expect(store.operations).toEqual([]);
  store.emit({ kind: 'recovered' });
  await clock.pass(0);

  expect(store.operations).toEqual(['write db']);
  expect(storeEvents(fixture)).toEqual(['unavailable', 'recovered']);
});

test('emits an event for an entry that a store dropped', () => {
  const { store, events } = setUpFleet(1).process(0);

  store.emit({ kind: 'dropped', name: undefined, reason: 'it was torn' });

  expect(events('store')).toMatchObject([
    {
      kind: 'dropped',
      name: undefined,
      error: { message: `An entry in process 0 was dropped: it was torn. ${errorLink('ERR_STORE')}` },
    },
  ]);
});

test('a closed client ignores the events of a store', async () => {
  const { clock, process } = setUpFleet(2);
  const closed = process(1);
  await closed.client.get('db');
  await closed.client.close();
  const operationsBefore = closed.store.operations.length;

  await process(0).client.get('db');
  await clock.pass('1h');

  expect(closed.store.operations.length).toBe(operationsBefore);
});

test('fetches a version that another process wrote in a format it cannot read', async () => {
  const { clock, kms, processes, process } = setUpFleet(1);
  const [only = process(0)] = processes;
  await only.client.get('db');
  kms.put('db', 'v2');
  const requestsBefore = kms.requests.length;

  only.store.emit({ kind: 'changed', name: 'db', versionId: 'v1' });
  await clock.pass('1m');
  expect(kms.requests.length).toBe(requestsBefore);

  only.store.emit({ kind: 'changed', name: 'db', versionId: 'v2' });
  await clock.pass('1m');
  expect(only.client.peek('db')?.versionId).toBe('v2');
  expect(kms.requests.length).toBe(requestsBefore + 1);
});
