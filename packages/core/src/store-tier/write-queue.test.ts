import { FakeClock, FakeStore } from '@kms-secrets/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StoredSecret } from '../ports/store.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { GuardedStore } from './guarded-store.ts';
import type { StoreEventListener } from './guarded-store.ts';
import { WriteQueue } from './write-queue.ts';
import type { StoreChange } from './pending-changes.ts';
import { StoreError } from '../secret/errors.ts';
import { errorLink } from '../secret/error-link.fixture.ts';

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

interface Subject {
  readonly clock: FakeClock;
  readonly store: FakeStore;
  readonly guarded: GuardedStore;
  readonly queue: WriteQueue;
}

interface SetupOptions {
  readonly onEvent?: StoreEventListener;
  readonly load?: (key: string) => StoredSecret | undefined;
}

function setup({ onEvent = () => {}, load = () => undefined }: SetupOptions = {}): Subject {
  const clock = new FakeClock();
  const store = new FakeStore();
  const guarded = new GuardedStore({
    store,
    clock,
    timeout: 500,
    onEvent,
    onRecovered: () => void queue.drain(),
  });
  const queue = new WriteQueue(guarded, clock, load);
  return { clock, store, guarded, queue };
}

function storedOf({ name }: SecretRequest, fetchedAt: number, value = 's3cret-value'): StoredSecret {
  return { name, versionId: `v${fetchedAt}`, stages: [], type: 'Generic', dataType: 'text', value, fetchedAt };
}

function write(request: SecretRequest, fetchedAt: number, value?: string): StoreChange {
  return { kind: 'write', request, stored: storedOf(request, fetchedAt, value), replaces: false };
}

function keyOf({ name, stage = '' }: SecretRequest): string {
  return `${name} ${stage}`;
}

test('applies the latest change of each entry, whenever the store fails', async () => {
  const action = fc.record({
    kind: fc.constantFrom('write', 'write', 'remove', 'removeAll', 'fail', 'heal', 'pass'),
    which: fc.integer({ min: 0, max: requests.length - 1 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
      const { clock, store, queue } = setup();
      const expected = new Map<string, number>();
      for (const [index, { kind, which }] of actions.entries()) {
        const request = requests[which] ?? { name: 'a' };
        if (kind === 'fail') store.fail('throw');
        if (kind === 'heal') store.heal();
        if (kind === 'pass') await clock.pass('700ms');
        if (kind === 'write') void queue.push(keyOf(request), write(request, index));
        if (kind === 'write') expected.set(keyOf(request), index);
        if (kind === 'remove') void queue.push(keyOf(request), { kind, request, removedAt });
        if (kind === 'remove') expected.delete(keyOf(request));
        if (kind === 'removeAll') void queue.push(request.name, { kind, name: request.name, removedAt });
        if (kind === 'removeAll')
          for (const key of expected.keys()) if (key.startsWith(request.name)) expected.delete(key);
      }
      store.heal();
      await clock.pass('2m');

      const present = requests.map((request) => (store.peek(request) as StoredSecret | undefined)?.fetchedAt);
      expect(present).toEqual(requests.map((request) => expected.get(keyOf(request))));
      expect(queue.size).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test('writes five thousand secrets that are fetched at once', async () => {
  const { clock, store, queue } = setup();
  for (let index = 0; index < 5_000; index += 1) {
    void queue.push(`name-${index}`, write({ name: `name-${index}` }, index));
  }
  await clock.pass('1s');

  expect(store.size).toBe(5_000);
});

describe('values of pending writes above 32 million characters', () => {
  const value = 's3cret-'.padEnd(1_048_576, 'x');

  function pushAll(queue: WriteQueue): void {
    for (let index = 0; index < 40; index += 1) {
      void queue.push(`name-${index}`, write({ name: `name-${index}` }, index, value));
    }
  }

  /** A queue with 40 writes of a million characters each, for a store that fails. */
  async function overfilled(load: (key: string) => StoredSecret | undefined) {
    const messages: (string | undefined)[] = [];
    const fixture = setup({ onEvent: (event) => messages.push(event.error?.message), load });
    fixture.store.fail('throw');
    pushAll(fixture.queue);
    await fixture.clock.pass('5s');
    const lost = () => messages.filter((message) => message?.includes('because too many waited'));
    return { ...fixture, lost };
  }

  test('are taken from memory when they are written', async () => {
    const loaded: string[] = [];
    const { clock, store, lost } = await overfilled((key) => {
      loaded.push(key);
      return storedOf({ name: key }, 100, value);
    });
    store.heal();
    await clock.pass('2m');

    expect(store.size).toBe(40);
    expect(loaded).toContain('name-0');
    expect(new Set(loaded).size).toBeLessThan(20);
    expect(store.peek({ name: 'name-0' })).toMatchObject({ fetchedAt: 100 });
    expect(store.peek({ name: 'name-39' })).toMatchObject({ fetchedAt: 39 });
    expect(lost()).toEqual([]);
  });

  test('are counted and reported if memory does not have them', async () => {
    const { clock, store, guarded, lost } = await overfilled(() => undefined);
    store.heal();
    await clock.pass('2m');

    const count = 40 - store.size;
    expect(store.peek({ name: 'name-39' })).toBeDefined();
    expect(count).toBeGreaterThan(0);
    expect(lost()).toEqual([
      `${count} changes of fake store were dropped, because too many waited. The next refreshes write the secrets again. ${errorLink('ERR_STORE')}`,
    ]);
    expect(guarded.failures).toBeGreaterThan(count);
  });

  test('are taken from memory before it is cleared', async () => {
    let isCleared = false;
    const { store, queue } = setup({ load: (key) => (isCleared ? undefined : storedOf({ name: key }, 100, value)) });
    pushAll(queue);
    queue.restoreValues();
    isCleared = true;
    await queue.flush(60_000);

    expect(store.size).toBe(40);
  });
});

test('drops a write that the store refuses five times, and applies the others', async () => {
  const { clock, store, queue } = setup();
  const storeWrite = store.write.bind(store);
  store.write = (request, secret) =>
    request.name === 'b' ? Promise.reject(new Error('too large')) : storeWrite(request, secret);
  let isSettled = false;
  void queue.push('b', write({ name: 'b' }, 1)).then(() => (isSettled = true));
  for (let index = 0; index < 10; index += 1) {
    void queue.push('a', write({ name: 'a' }, index));
    await clock.pass('5s');
  }

  expect(isSettled).toBe(true);
  expect(queue.size).toBe(0);
  expect(store.peek({ name: 'a' })).toMatchObject({ fetchedAt: 9 });
});

test('ignores changes after close, and leaves no timer', async () => {
  const { clock, store, queue } = setup();
  store.fail('throw');
  void queue.push('a', write({ name: 'a' }, 1));
  await clock.pass('10s');

  queue.close();
  await queue.push('b', write({ name: 'b' }, 1));

  expect(queue.size).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

test('queues a hundred thousand removals in constant time each', async () => {
  const { clock, store, queue } = setup();
  store.fail('throw');

  for (let index = 0; index < 100_000; index += 1) {
    void queue.push(`name-${index}`, { kind: 'removeAll', name: `name-${index}`, removedAt });
  }

  // A search through all pending changes would take minutes.
  expect(queue.size).toBeLessThanOrEqual(20_000);
  queue.close();
  await clock.pass(0);
  expect(clock.pendingTimers).toBe(0);
});

test('covers entries fetched before a removal until the store has completed it', async () => {
  const { clock, store, queue } = setup();
  store.fail('throw');
  void queue.push('key', { kind: 'remove', request: { name: 'a' }, removedAt });
  void queue.push('b', { kind: 'removeAll', name: 'b', removedAt });
  const covers = (): boolean[] => [
    queue.isRemoving('key', 'a', before),
    queue.isRemoving('any key', 'b', before),
    queue.isRemoving('key', 'a', after),
    queue.isRemoving('any key', 'b', { ...after, now: undefined }),
    queue.isRemoving('other', 'a', before),
  ];

  expect(covers()).toEqual([true, true, false, true, false]);
  await clock.pass('10s');
  expect(covers()).toEqual([true, true, false, true, false]);
  store.heal();
  await clock.pass('2m');

  expect(covers()).toEqual([false, false, false, false, false]);
});

test('covers entries while the store is processing a removal', async () => {
  const { clock, store, queue } = setup();
  store.fail('hang');
  void queue.push('b', { kind: 'removeAll', name: 'b', removedAt });
  await clock.pass(100);

  expect(store.operations).toEqual(['removeAll b']);
  expect(queue.isRemoving('any key', 'b', before)).toBe(true);
});

describe('while the store is skipped', () => {
  /** A queue whose store has failed three writes, and is therefore skipped. */
  async function skipped(): Promise<ReturnType<typeof setup>> {
    const fixture = setup();
    fixture.store.fail('throw', 'write');
    void fixture.queue.push('b', write({ name: 'b' }, 1));
    await fixture.clock.pass('6s');
    fixture.store.operations.length = 0;
    return fixture;
  }

  test.each<[string, StoreChange]>([
    ['remove', { kind: 'remove', request: { name: 'a' }, removedAt }],
    ['removeAll', { kind: 'removeAll', name: 'a', removedAt }],
  ])('attempts a removal at once, and no write: %s', async (operation, change) => {
    const { clock, store, queue } = await skipped();
    store.put({ name: 'a' }, {});

    const removed = queue.push('a', change);
    await clock.pass(0);

    expect(store.operations).toEqual([`${operation} a`]);
    expect(store.size).toBe(0);
    await removed;
    // The write is still pending: a full disk accepts removals only.
    expect(queue.size).toBe(1);
  });

  test('attempts a removal that failed no more than others', async () => {
    const { clock, store, queue } = await skipped();
    store.fail('throw', 'removeAll');

    void queue.push('a', { kind: 'removeAll', name: 'a', removedAt });
    await clock.pass(900);

    expect(store.operations).toEqual(['removeAll a']);
  });

  test('attempts each removal once more before the store is closed', async () => {
    const { clock, store, queue } = await skipped();
    store.fail('throw', 'removeAll');
    void queue.push('a', { kind: 'removeAll', name: 'a', removedAt });
    await clock.pass(100);
    store.heal();
    store.put({ name: 'a' }, {});

    await queue.flush(500);

    expect(store.peek({ name: 'a' })).toBeUndefined();
  });
});

describe('while a part of the store is unavailable', () => {
  const node = 'node 10.0.0.1:6379';

  /** A queue whose store cannot change secrets that begin with `dead-`. */
  function withDeadNode(): Subject & { revive: () => void } {
    const fixture = setup();
    const { store, guarded } = fixture;
    const [storeWrite, removeAll] = [store.write.bind(store), store.removeAll.bind(store)];
    let isDead = true;
    const reject = (): Promise<never> => Promise.reject(new StoreError('No connection.', { part: node }));
    store.write = (request, secret) =>
      isDead && request.name.startsWith('dead-') ? reject() : storeWrite(request, secret);
    store.removeAll = (name) => (isDead && name.startsWith('dead-') ? reject() : removeAll(name));
    guarded.markUnavailable('no connection', node);
    const revive = (): void => {
      isDead = false;
      guarded.markRecovered(node);
    };
    return { ...fixture, revive };
  }

  test('writes of the other parts go on, and those of the part follow when it recovers', async () => {
    const { clock, store, guarded, queue, revive } = withDeadNode();
    for (let index = 0; index < 200; index += 1) {
      for (const name of [`dead-${index}`, `live-${index}`]) void queue.push(name, write({ name }, index));
    }
    await clock.pass(100);

    expect(store.size).toBe(200);
    expect(queue.size).toBe(200);
    expect(guarded.status(queue.size)).toMatchObject({ state: 'partlyUnavailable', unavailableParts: [node] });
    expect(guarded.skippedFor('write')).toBe(0);
    // Longer than it takes to give up a write that the store refuses.
    await clock.pass('1m');
    revive();
    await clock.pass(100);

    expect(store.size).toBe(400);
    expect(guarded.status(queue.size)).toMatchObject({ state: 'working', queued: 0, unavailableParts: [] });
  });

  test('a later removal wins over a write that waits for the part', async () => {
    const { clock, store, queue, revive } = withDeadNode();
    void queue.push('dead-a', write({ name: 'dead-a' }, 1));
    await clock.pass(100);
    void queue.push('dead-a', { kind: 'removeAll', name: 'dead-a', removedAt });
    await clock.pass(100);

    expect(queue.isRemoving('any', 'dead-a', before)).toBe(true);
    revive();
    await clock.pass(100);

    expect([store.size, queue.size]).toEqual([0, 0]);
  });

  test('a write after a removal that waits for the part is applied after it', async () => {
    const { clock, store, queue, revive } = withDeadNode();
    void queue.push('dead-a', { kind: 'removeAll', name: 'dead-a', removedAt });
    await clock.pass(100);
    void queue.push('dead-a', write({ name: 'dead-a' }, 2));
    revive();
    await clock.pass(100);

    expect(store.peek({ name: 'dead-a' })).toMatchObject({ fetchedAt: 2 });
  });

  test('close leaves no timer', async () => {
    const { clock, queue } = withDeadNode();
    void queue.push('dead-a', write({ name: 'dead-a' }, 1));
    await clock.pass(100);

    queue.close();

    expect([queue.size, clock.pendingTimers]).toEqual([0, 0]);
  });
});
