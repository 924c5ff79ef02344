import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { tickLength, ticksOf } from '../time/ticks.ts';
import type { Ticks } from '../time/ticks.ts';
import { notInHeap } from './due-heap.ts';
import type { HeapItem } from './due-heap.ts';
import { Refresher } from './refresher.ts';

interface Item extends HeapItem<Ticks> {
  readonly key: string;
}

interface Setup {
  readonly clock: FakeClock;
  /** The refresher, with items identified by key. */
  readonly refresher: {
    schedule(key: string, ms: number): void;
    remove(key: string): void;
    close(): void;
  };
  readonly started: string[];
  /** Finishes the pending refresh of a key. */
  readonly end: (key: string) => void;
}

function setup({ hangs = false, concurrency = 16, clock = new FakeClock() } = {}): Setup {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const refresher = new Refresher<Item>({
    clock,
    concurrency,
    refresh: ({ key }) => {
      started.push(key);
      return hangs ? new Promise((resolve) => ends.set(key, resolve)) : Promise.resolve();
    },
  });
  const items = new Map<string, Item>();
  const itemOf = (key: string): Item => {
    const item = items.get(key) ?? { key, dueAt: ticksOf(0), heapIndex: notInHeap };
    items.set(key, item);
    return item;
  };
  return {
    clock,
    refresher: {
      schedule: (key, ms) => refresher.schedule(itemOf(key), ms),
      remove: (key) => refresher.remove(itemOf(key)),
      close: () => refresher.close(),
    },
    started,
    end: (key) => ends.get(key)?.(),
  };
}

test('refreshes each item when it is due, with one timer', async () => {
  const { clock, refresher, started } = setup();
  refresher.schedule('b', 200);
  refresher.schedule('a', 100);
  refresher.schedule('c', 300);

  expect(clock.pendingTimers).toBe(1);
  await clock.pass(200);

  expect(started).toEqual(['a', 'b']);
});

test('replaces the due time of an item', async () => {
  const { clock, refresher, started } = setup();
  refresher.schedule('a', 100);
  refresher.schedule('a', 500);

  await clock.pass(499);
  expect(started).toEqual([]);
  await clock.pass(1);

  expect(started).toEqual(['a']);
});

test('never starts a refresh early, and at most one tick late', async () => {
  const { clock, refresher, started } = setup();
  await clock.pass(17);
  refresher.schedule('a', 100);
  refresher.schedule('b', 0);

  await clock.pass(99);
  expect(started).toEqual(['b']);
  await clock.pass(1 + tickLength);

  expect(started).toEqual(['b', 'a']);
});

test('catches up after the process was suspended', async () => {
  const { clock, refresher, started } = setup();
  refresher.schedule('a', 100);
  refresher.schedule('b', 1_000);
  clock.freeze('1h');

  await clock.pass(0);

  expect(started).toEqual(['a', 'b']);
});

test('sets no timer of more than a minute: it would stand still while the machine is suspended', async () => {
  const lengths: number[] = [];
  class ObservedClock extends FakeClock {
    override setUnrefTimer(ms: number, task: () => void): () => void {
      lengths.push(ms);
      return super.setUnrefTimer(ms, task);
    }
  }
  const { clock, refresher, started } = setup({ clock: new ObservedClock() });
  refresher.schedule('a', 150_000);

  await clock.pass('150s');

  expect(lengths).toEqual([60_000, 60_000, 30_000]);
  expect(started).toEqual(['a']);
});

test('limits concurrent refreshes and loses none', async () => {
  const { clock, refresher, started, end } = setup({ hangs: true, concurrency: 2 });
  for (const [index, key] of ['a', 'b', 'c', 'd'].entries()) refresher.schedule(key, 50 * (index + 1));

  await clock.pass(200);
  expect(started).toEqual(['a', 'b']);
  end('a');
  await clock.pass(0);
  expect(started).toEqual(['a', 'b', 'c']);
  end('b');
  await clock.pass(0);

  expect(started).toEqual(['a', 'b', 'c', 'd']);
});

test('starts overdue refreshes a few per turn of the event loop', async () => {
  const started: number[] = [];
  const perTurn: number[] = [];
  const settle = (): Promise<void> => {
    perTurn.push(started.length - perTurn.reduce((sum, count) => sum + count, 0));
    return Promise.resolve();
  };
  const clock = new FakeClock({ settle });
  const refresher = new Refresher<HeapItem<Ticks>>({
    clock,
    concurrency: 1_000,
    refresh: ({ dueAt }) => Promise.resolve(void started.push(dueAt)),
  });
  for (let index = 0; index < 100; index += 1) refresher.schedule({ dueAt: ticksOf(0), heapIndex: notInHeap }, 10);
  clock.freeze('1h');

  await clock.pass(0);

  expect(started.length).toBe(100);
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(4);
});

test('does not refresh a removed item', async () => {
  const { clock, refresher, started } = setup();
  refresher.schedule('a', 10);

  refresher.remove('a');
  await clock.pass(100);

  expect(started).toEqual([]);
});

test('does nothing after close() and leaves no timer', async () => {
  const { clock, refresher, started } = setup();
  refresher.schedule('a', 10);

  refresher.close();
  refresher.schedule('b', 10);
  await clock.pass(100);

  expect(started).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});
