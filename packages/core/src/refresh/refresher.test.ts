import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { Refresher } from './refresher.ts';

interface Setup {
  readonly clock: FakeClock;
  readonly refresher: Refresher;
  readonly begun: string[];
  /** Ends the refresh of a key that hangs. */
  readonly end: (key: string) => void;
}

function setup({ hangs = false, concurrency = 16 } = {}): Setup {
  const clock = new FakeClock();
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const refresher = new Refresher({
    clock,
    concurrency,
    refresh: (key) => {
      begun.push(key);
      return hangs ? new Promise((resolve) => ends.set(key, resolve)) : Promise.resolve();
    },
  });
  return { clock, refresher, begun, end: (key) => ends.get(key)?.() };
}

test('each key is refreshed when it comes due, by one timer for all', async () => {
  const { clock, refresher, begun } = setup();
  refresher.schedule('b', 200);
  refresher.schedule('a', 100);
  refresher.schedule('c', 300);

  expect(clock.pending).toBe(1);
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
  expect(clock.pending).toBe(0);
});
