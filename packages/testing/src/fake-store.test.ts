import type { SecretRequest, StoreEvent } from '@kms-secrets/core';
import { expect, test } from 'vitest';
import { describeStore } from './contracts/store.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeStore } from './fake-store.ts';

describeStore('a fake store', () => new FakeStore());
describeStore('a fake store that a fleet shares', () => new FakeStore({ isShared: true }));

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

test('what one process writes, the others read and hear of', async () => {
  const one = new FakeStore({ isShared: true });
  const other = one.join();
  const heard: StoreEvent[] = [];
  other.subscribe?.((news) => heard.push(news));

  await one.write(request, stored);
  await other.write(request, stored);
  await one.removeAll('db');

  expect(heard).toEqual([
    { kind: 'written', request, fetchedAt: 1_000 },
    { kind: 'removed', name: 'db' },
  ]);
});

test('one process has the lease until it gives it back or its time is up', async () => {
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

test('it fails as it is told, until it is healed', async () => {
  const store = new FakeStore();
  store.fail('throw', 'write');

  await expect(store.write(request, stored)).rejects.toThrow('told to fail');
  expect(await store.read(request)).toBeUndefined();
  store.heal();
  await store.write(request, stored);

  expect(store.size).toBe(1);
});
