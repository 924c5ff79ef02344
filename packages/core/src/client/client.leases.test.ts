import { FakeStore } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { SecretStore, StoreLease } from '../ports/store.ts';
import { dbRequest, deferred, hour, setUpClientWithStore, setUpFleet, storedSecret } from './client.fixture.ts';

test('waits at most 2 s for a lease holder that died', async () => {
  const { clock, kms, shared, process } = setUpFleet(2);
  await shared.lease?.(dbRequest, hour);
  const read = process(0).client.get('db');

  await clock.pass(1_999);
  expect(kms.requests.length).toBe(0);
  await clock.pass(1);

  expect((await read).versionId).toBe('v1');
});

test('waits at most half of the deadline for a lease', async () => {
  const { clock, shared, process } = setUpFleet(1, { deadline: '1s' });
  await shared.lease?.(dbRequest, hour);
  const read = process(0).client.get('db');

  await clock.pass(500);

  expect((await read).versionId).toBe('v1');
});

test('waits at most staleDeadline for a lease if the store has a stale value', async () => {
  const { clock, shared, process } = setUpFleet(1, { staleDeadline: '1s' });
  shared.put(dbRequest, storedSecret(clock, { age: hour }));
  await shared.lease?.(dbRequest, hour);
  const read = process(0).client.get('db');

  await clock.pass('1s');

  expect(await read).toMatchObject({ versionId: 'v0', stale: true });
});

test('finds the value of the lease holder although its event was lost', async () => {
  const { clock, kms, shared, process } = setUpFleet(2);
  const { client, store } = process(1);
  await shared.lease?.(dbRequest, hour);
  const read = client.get('db');
  await clock.pass(100);
  // `put` emits no event.
  store.put(dbRequest, storedSecret(clock, { versionId: 'v7' }));

  await clock.pass(250);

  expect((await read).versionId).toBe('v7');
  expect(kms.requests.length).toBe(0);
});

test('reads the value of the lease holder as soon as it is written', async () => {
  const { clock, kms, shared, process } = setUpFleet(1);
  await shared.lease?.(dbRequest, hour);
  const read = process(0).client.get('db');
  await clock.pass(100);

  await shared.write(dbRequest, storedSecret(clock, { versionId: 'v7' }));
  await clock.pass(0);

  expect((await read).versionId).toBe('v7');
  expect(clock.now()).toBe(100);
  expect(kms.requests.length).toBe(0);
});

test.each(['hang', 'throw'] as const)('every process requests KMS if leases %s', async (fault) => {
  const { clock, kms, processes } = setUpFleet(2, { storeTimeout: '100ms' });
  for (const { store } of processes) store.fail(fault, 'lease');

  const reads = Promise.all(processes.map(({ client }) => client.get('db')));
  await clock.pass(100);
  await reads;

  expect(kms.requests.length).toBe(2);
});

test('a first read waits once for a shared store that hangs', async () => {
  const { clock, process } = setUpFleet(1, { storeTimeout: '100ms' });
  process(0).store.fail('hang');
  const read = process(0).client.get('db');

  // Not a second time for the lease.
  await clock.pass(100);

  expect((await read).versionId).toBe('v1');
});

test('releases the lease after the value is written', async () => {
  const { clock, kms, process } = setUpFleet(2);
  const { client, store } = process(0);
  const written = deferred();
  const write = store.write.bind(store);
  store.write = async (request, secret) => {
    await written.promise;
    await write(request, secret);
  };
  await client.get('db');
  const read = process(1).client.get('db');

  await clock.pass(300);
  expect(kms.requests.length).toBe(1);
  written.resolve();
  await clock.pass(0);

  expect((await read).versionId).toBe('v1');
  expect(kms.requests.length).toBe(1);
});

test('releases the lease if the previous holder has just written the value', async () => {
  const { clock, kms, shared, process } = setUpFleet(1);
  const { client, store } = process(0);
  const lease = store.lease?.bind(store);
  const lateWrite: SecretStore['lease'] = async (request, ms) => {
    const acquired = await lease?.(request, ms);
    store.put(request, storedSecret(clock));
    return acquired;
  };
  Object.assign(store, { lease: lateWrite });

  expect((await client.get('db')).versionId).toBe('v0');
  await clock.pass(0);

  expect(kms.requests.length).toBe(0);
  expect(await shared.lease?.(dbRequest, hour)).toBeDefined();
});

test('releases the lease if the fetch fails', async () => {
  const { clock, kms, process } = setUpFleet(2, { retry: { maxAttempts: 1 } });
  kms.fail('unreachable');
  await expect(process(0).client.get('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  await clock.pass(0);
  kms.heal();

  expect((await process(1).client.get('db')).versionId).toBe('v1');
  expect(clock.now()).toBe(0);
});

test('releases a lease that is granted after storeTimeout', async () => {
  const store = new FakeStore({ isShared: true });
  const { client, clock } = setUpClientWithStore({ store, storeTimeout: '100ms' });
  const lease = deferred<StoreLease>();
  Object.assign(store, { lease: () => lease.promise });
  const read = client.get('db');
  await clock.pass('1s');
  await read;
  let releases = 0;

  lease.resolve({
    release: () => {
      releases += 1;
      return Promise.resolve();
    },
  });
  await clock.pass(0);

  expect(releases).toBe(1);
});

test('a read after invalidate() does not wait for an earlier lease', async () => {
  const { clock, kms, process } = setUpFleet(1);
  const { client } = process(0);
  kms.fail('hang', 'db');
  client.get('db').catch(() => {});
  await clock.pass(10);
  void client.invalidate('db');
  kms.put('db', 'v2');

  const read = client.get('db');
  await clock.pass(10);

  expect(client.peek('db')?.versionId).toBe('v2');
  expect((await read).versionId).toBe('v2');
});
