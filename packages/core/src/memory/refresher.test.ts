import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { nowhere } from './due-heap.ts';
import type { Due } from './due-heap.ts';
import { Refresher } from './refresher.ts';

interface Item extends Due {
  readonly key: string;
}

interface Setup {
  readonly clock: FakeClock;
  /** The refresher, by the keys of its items. */
  readonly refresher: {
    schedule(key: string, ms: number): void;
    forget(key: string): void;
    close(): void;
  };
  readonly begun: string[];
  /** Ends the refresh of a key that hangs. */
  readonly end: (key: string) => void;
}

function setup({ hangs = false, concurrency = 16 } = {}): Setup {
  const clock = new FakeClock();
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const refresher = new Refresher<Item>({
    clock,
    concurrency,
    refresh: ({ key }) => {
      begun.push(key);
      return hangs ? new Promise((resolve) => ends.set(key, resolve)) : Promise.resolve();
    },
  });
  const items = new Map<string, Item>();
  const itemOf = (key: string): Item => {
    const item = items.get(key) ?? { key, dueAt: 0, place: nowhere };
    items.set(key, item);
    return item;
  };
  return {
    clock,
    refresher: {
      schedule: (key, ms) => refresher.schedule(itemOf(key), ms),
      forget: (key) => refresher.forget(itemOf(key)),
      close: () => refresher.close(),
    },
    begun,
    end: (key) => ends.get(key)?.(),
  };
}

test('each key is refreshed when it comes due, by one timer for all', async () => {
  const { clock, refresher, begun } = setup();
  refresher.schedule('b', 200);
  refresher.schedule('a', 100);
  refresher.schedule('c', 300);

  expect(clock.pendingTimers).toBe(1);
  await clock.pass(200);

  expect(begun).toEqual(['a', 'b']);
});

test('a key scheduled anew comes due at its new time alone', async () => {
  const { clock, refresher, begun } = setup();
  refresher.schedule('a', 100);
  refresher.schedule('a', 500);

  await clock.pass(499);
  expect(begun).toEqual([]);
  await clock.pass(1);

  expect(begun).toEqual(['a']);
});

test('a process that slept catches up with all that came due meanwhile', async () => {
  const { clock, refresher, begun } = setup();
  refresher.schedule('a', 100);
  refresher.schedule('b', 1_000);
  clock.freeze('1h');

  await clock.pass(0);

  expect(begun).toEqual(['a', 'b']);
});

test('no more are refreshed at once than allowed, and none is lost', async () => {
  const { clock, refresher, begun, end } = setup({ hangs: true, concurrency: 2 });
  for (const [index, key] of ['a', 'b', 'c', 'd'].entries()) refresher.schedule(key, 10 + index);

  await clock.pass(100);
  expect(begun).toEqual(['a', 'b']);
  end('a');
  await clock.pass(0);
  expect(begun).toEqual(['a', 'b', 'c']);
  end('b');
  await clock.pass(0);

  expect(begun).toEqual(['a', 'b', 'c', 'd']);
});

test('what is overdue all at once is begun a few at a time, with turns of the event loop between', async () => {
  const begun: number[] = [];
  const perTurn: number[] = [];
  const settle = (): Promise<void> => {
    perTurn.push(begun.length - perTurn.reduce((sum, count) => sum + count, 0));
    return Promise.resolve();
  };
  const clock = new FakeClock({ settle });
  const refresher = new Refresher<Due>({
    clock,
    concurrency: 1_000,
    refresh: ({ dueAt }) => Promise.resolve(void begun.push(dueAt)),
  });
  for (let index = 0; index < 100; index += 1) refresher.schedule({ dueAt: 0, place: nowhere }, 10);
  clock.freeze('1h');

  await clock.pass(0);

  expect(begun.length).toBe(100);
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(4);
});

test('a key that is forgotten does not come due', async () => {
  const { clock, refresher, begun } = setup();
  refresher.schedule('a', 10);

  refresher.forget('a');
  await clock.pass(100);

  expect(begun).toEqual([]);
});

test('after close nothing is refreshed, nothing scheduled, and no timer waits', async () => {
  const { clock, refresher, begun } = setup();
  refresher.schedule('a', 10);

  refresher.close();
  refresher.schedule('b', 10);
  await clock.pass(100);

  expect(begun).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});
