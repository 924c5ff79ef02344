import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { remainingOf, RunningTimer } from './running-timer.ts';
import type { RunningTimerSettings } from './running-timer.ts';

interface Subject {
  readonly clock: FakeClock;
  readonly timer: RunningTimer;
  /** When the task ran. */
  readonly runs: readonly number[];
}

/** A timer of `ms` milliseconds. */
function setup({ ms = 500, ...settings }: Partial<RunningTimerSettings> & { readonly ms?: number } = {}): Subject {
  const clock = new FakeClock();
  const runs: number[] = [];
  const timer = new RunningTimer({ clock, ...settings }, ms, () => runs.push(clock.now()));
  return { clock, timer, runs };
}

test.each([500, 10, 1, 0, 333])('runs its task once, after its time (%i ms)', async (ms) => {
  const { clock, runs } = setup({ ms });

  await clock.pass('1s');

  expect(runs).toEqual([ms]);
});

test('does not run after it was cleared', async () => {
  const { clock, timer, runs } = setup();
  await clock.pass(300);

  timer.clear();
  await clock.pass('1s');

  expect(runs).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});

test('time that is lost at the start does not count', async () => {
  const { clock, timer, runs } = setup();
  clock.freeze(700);
  await clock.pass(0);
  expect(timer.lost).toBe(575);

  await clock.pass(374);
  expect(runs).toEqual([]);
  await clock.pass(1);

  expect(runs).toEqual([1_075]);
});

test('waits for another part if time is lost at its end', async () => {
  const { clock, runs } = setup();
  await clock.pass(499);
  clock.freeze(700);

  await clock.pass(124);
  expect(runs).toEqual([]);
  await clock.pass(1);

  expect(runs).toEqual([1_324]);
});

test('waits for another part only once', async () => {
  const { clock, runs } = setup();
  await clock.pass(499);
  clock.freeze(700);
  await clock.pass(100);

  clock.freeze(700);
  await clock.pass(0);

  expect(runs).toEqual([1_999]);
});

test('runs at once if it is as late as timers usually are', async () => {
  const { clock, runs } = setup();
  await clock.pass(499);
  clock.freeze(51);

  await clock.pass(0);

  expect(runs).toEqual([550]);
});

test('runs later if it is later than timers usually are', async () => {
  const { clock, runs } = setup();
  await clock.pass(499);
  clock.freeze(52);

  await clock.pass(100);

  expect(runs).toEqual([602]);
});

test('knows the time that is being lost', async () => {
  const { clock, timer } = setup();
  await clock.pass(100);

  clock.freeze(100);

  expect(timer.lost).toBe(75);
});

test('with afterSuspension, that time remains after more than five seconds', async () => {
  const { clock, runs } = setup({ afterSuspension: 100 });
  clock.freeze('10s');

  await clock.pass(99);
  expect(runs).toEqual([]);
  await clock.pass(1);

  expect(runs).toEqual([10_100]);
});

test('afterSuspension does not apply to a blocked event loop', async () => {
  const { clock, runs } = setup({ afterSuspension: 100 });
  clock.freeze('3s');

  await clock.pass('1s');

  expect(runs).toEqual([3_375]);
});

test('the time of a caller passes while the event loop is blocked', async () => {
  const { clock, runs } = setup({ limits: 'caller' });
  clock.freeze(499);

  await clock.pass('1s');

  expect(runs).toEqual([500]);
});

test.each([
  ['by the lost time', 1_200, 1_900],
  ['by at most five seconds', 60_000, 65_000],
])('the time of a caller is extended %s', async (_, frozen, end) => {
  const { clock, runs } = setup({ limits: 'caller' });
  clock.freeze(frozen);

  await clock.pass('10s');

  expect(runs).toEqual([end]);
});

test.each([
  [400, 100],
  [500, 0],
  [550, 0],
  [1_200, 700],
  [60_000, 5_000],
])('of 500 ms of a caller, of which %i ms have passed, %i ms remain', (elapsed, remaining) => {
  expect(remainingOf(500, elapsed)).toBe(remaining);
});
