import type { SecretRequest, StoreEvent } from '@kms-secrets/core';
import { expect, test } from 'vitest';
import { describeStore } from './contracts/store.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeStore } from './fake-store.ts';

describeStore('a fake store', () => new FakeStore());
describeStore('a shared fake store', () => new FakeStore({ isShared: true }));

const request: SecretRequest = { name: 'db' };
const stored = {
  name: 'db',
  versionId: 'v1',
  stages: ['ACSCurrent'],
  type: 'Generic',
  dataType: 'text',
  value: 's3cret-db',
  fetchedAt: 1_000,
} as const;

test('a write or removal by one process is visible to the others and emits an event', async () => {
  const one = new FakeStore({ isShared: true });
  const other = one.join();
  const events: StoreEvent[] = [];
  other.subscribe?.((event) => events.push(event));

  await one.write(request, stored);
  await other.write(request, stored);
  await one.removeAll('db');

  expect(events).toEqual([
    { kind: 'written', request, fetchedAt: 1_000 },
    { kind: 'removed', name: 'db' },
  ]);
});

test('one process holds the lease until it releases it or the lease expires', async () => {
  const clock = new FakeClock();
  const one = new FakeStore({ isShared: true, clock });
  const other = one.join();
  const lease = await one.lease?.(request, 100);

  expect(await other.lease?.(request, 100)).toBeUndefined();
  await lease?.release();
  expect(await other.lease?.(request, 100)).toBeDefined();
  expect(await one.lease?.(request, 100)).toBeUndefined();
  await clock.pass(100);

  expect(await one.lease?.(request, 100)).toBeDefined();
});

test('injected faults last until heal()', async () => {
  const store = new FakeStore();
  store.fail('throw', 'write');

  await expect(store.write(request, stored)).rejects.toThrow('injected fault in write');
  expect(await store.read(request)).toBeUndefined();
  store.heal();
  await store.write(request, stored);

  expect(store.size).toBe(1);
});
