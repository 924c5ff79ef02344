import { FakeClock, FakeStore } from '@kms-secrets/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StoredSecret } from '../ports/store.ts';
import type { SecretRequest } from '../ports/transport.ts';
import { GuardedStore } from './guarded-store.ts';
import { StoreWrites } from './write-queue.ts';
import type { StoreChange } from './pending-changes.ts';

const requests: readonly SecretRequest[] = [
  { name: 'a', stage: 'ACSCurrent' },
  { name: 'a', stage: 'ACSPrevious' },
  { name: 'b', stage: 'ACSCurrent' },
];

const removedAt = { date: 1_000, now: 1_000 };
const [before, after] = [
  { date: 1_000, now: 1_000 },
  { date: 1_001, now: 1_001 },
] as const;

function setup(): { clock: FakeClock; store: FakeStore; writes: StoreWrites } {
  const clock = new FakeClock();
  const store = new FakeStore();
  const guarded = new GuardedStore({ store, clock, timeout: 500, tell: () => {}, onBack: () => void writes.drain() });
  const writes = new StoreWrites(guarded, clock);
  return { clock, store, writes };
}

function write(request: SecretRequest, fetchedAt: number): StoreChange {
  const stored: StoredSecret = {
    name: request.name,
    versionId: `v${fetchedAt}`,
    stages: [],
    type: 'Generic',
    dataType: 'text',
    value: 's3cret-value',
    fetchedAt,
  };
  return { kind: 'write', request, stored, replaces: false };
}

function keyOf({ name, stage = '' }: SecretRequest): string {
  return `${name} ${stage}`;
}

test('whatever is changed, and whenever the store fails, in the end it holds what was asked for last', async () => {
  const act = fc.record({
    kind: fc.constantFrom('write', 'write', 'remove', 'removeAll', 'fail', 'heal', 'pass'),
    which: fc.integer({ min: 0, max: requests.length - 1 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
      const { clock, store, writes } = setup();
      const expected = new Map<string, number>();
      for (const [turn, { kind, which }] of acts.entries()) {
        const request = requests[which] ?? { name: 'a' };
        if (kind === 'fail') store.fail('throw');
        if (kind === 'heal') store.heal();
        if (kind === 'pass') await clock.pass('700ms');
        if (kind === 'write') void writes.push(keyOf(request), write(request, turn));
        if (kind === 'write') expected.set(keyOf(request), turn);
        if (kind === 'remove') void writes.push(keyOf(request), { kind, request, removedAt });
        if (kind === 'remove') expected.delete(keyOf(request));
        if (kind === 'removeAll') void writes.push(request.name, { kind, name: request.name, removedAt });
        if (kind === 'removeAll')
          for (const key of expected.keys()) if (key.startsWith(request.name)) expected.delete(key);
      }
      store.heal();
      await clock.pass('2m');

      const held = requests.map((request) => (store.peek(request) as StoredSecret | undefined)?.fetchedAt);
      expect(held).toEqual(requests.map((request) => expected.get(keyOf(request))));
      expect(writes.size).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test('while a store is away no more than a thousand values wait for it, the newest', async () => {
  const { clock, store, writes } = setup();
  store.fail('throw');
  for (let index = 0; index < 1_200; index += 1) {
    const request = { name: `name-${index}` };
    void writes.push(request.name, write(request, index));
  }
  await clock.pass('5s');

  expect(writes.size).toBeLessThanOrEqual(1_000);
  store.heal();
  await clock.pass('2m');

  expect(store.peek({ name: 'name-1199' })).toBeDefined();
  expect(store.peek({ name: 'name-0' })).toBeUndefined();
});

test('an entry that a store will not take is let go after five tries, and the others are written', async () => {
  const { clock, store, writes } = setup();
  const refused = store.write.bind(store);
  store.write = (request, secret) =>
    request.name === 'b' ? Promise.reject(new Error('too large')) : refused(request, secret);
  let isOver = false;
  void writes.push('b', write({ name: 'b' }, 1)).then(() => (isOver = true));
  for (let turn = 0; turn < 10; turn += 1) {
    void writes.push('a', write({ name: 'a' }, turn));
    await clock.pass('5s');
  }

  expect(isOver).toBe(true);
  expect(writes.size).toBe(0);
  expect(store.peek({ name: 'a' })).toMatchObject({ fetchedAt: 9 });
});

test('what is pushed after close is not told, and no timer is left', async () => {
  const { clock, store, writes } = setup();
  store.fail('throw');
  void writes.push('a', write({ name: 'a' }, 1));
  await clock.pass('10s');

  writes.close();
  await writes.push('b', write({ name: 'b' }, 1));

  expect(writes.size).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

test('a hundred thousand removals that a store cannot be told of cost as much each as the first', async () => {
  const { clock, store, writes } = setup();
  store.fail('throw');

  for (let index = 0; index < 100_000; index += 1) {
    void writes.push(`name-${index}`, { kind: 'removeAll', name: `name-${index}`, removedAt });
  }

  // With a look through all that waits it would be minutes.
  expect(writes.size).toBeLessThanOrEqual(20_000);
  writes.close();
  await clock.pass(0);
  expect(clock.pendingTimers).toBe(0);
});

test('a removal covers entries fetched before it until the store has carried it out', async () => {
  const { clock, store, writes } = setup();
  store.fail('throw');
  void writes.push('key', { kind: 'remove', request: { name: 'a' }, removedAt });
  void writes.push('b', { kind: 'removeAll', name: 'b', removedAt });
  const covers = (): boolean[] => [
    writes.removes('key', 'a', before),
    writes.removes('any key', 'b', before),
    writes.removes('key', 'a', after),
    writes.removes('any key', 'b', { ...after, now: undefined }),
    writes.removes('other', 'a', before),
  ];

  expect(covers()).toEqual([true, true, false, true, false]);
  await clock.pass('10s');
  expect(covers()).toEqual([true, true, false, true, false]);
  store.heal();
  await clock.pass('2m');

  expect(covers()).toEqual([false, false, false, false, false]);
});

test('a removal covers entries while the store is carrying it out', async () => {
  const { clock, store, writes } = setup();
  store.fail('hang');
  void writes.push('b', { kind: 'removeAll', name: 'b', removedAt });
  await clock.pass(100);

  expect(store.operations).toEqual(['removeAll b']);
  expect(writes.removes('any key', 'b', before)).toBe(true);
});
