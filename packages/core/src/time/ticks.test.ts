import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { firstTickFrom, startOfTick, tickClockOf, tickLength, ticksOf } from './ticks.ts';

const year = 365 * 86_400_000;

test('a tick is a small integer of V8 for three years of uptime', () => {
  expect(ticksOf(3 * year)).toBeLessThan(2 ** 31);
});

test.each([0, 2 ** 31, 3 * year])('rounds to the ticks around a time, from %d ms of uptime', (start) => {
  const tick = ticksOf(start);
  const first = startOfTick(tick);

  expect(first).toBeLessThanOrEqual(start);
  expect([first, first + 1, first + tickLength - 1, first + tickLength].map((ms) => ticksOf(ms) - tick)).toEqual([
    0, 0, 0, 1,
  ]);
  expect([first, first + 1, first + tickLength].map((ms) => firstTickFrom(ms) - tick)).toEqual([0, 1, 1]);
});

test('whole seconds are whole ticks', () => {
  for (const seconds of [1, 59, 3_600, year / 1_000])
    expect(startOfTick(ticksOf(seconds * 1_000))).toBe(seconds * 1_000);
});

test('counts the ticks of any clock', async () => {
  const clock = new FakeClock({ uptime: '30d' });
  const ticks = tickClockOf(clock);
  const first = ticks.cachedTicks();
  await clock.pass('1s');

  expect(startOfTick(first)).toBe(clock.now() - 1_000);
  expect(startOfTick(ticks.cachedTicks())).toBe(clock.now());
});

test('the system clock counts ticks itself', () => {
  expect(tickClockOf(systemClock)).toBe(systemClock);
  expect(tickClockOf(systemClock).cachedTicks()).toBe(ticksOf(systemClock.cachedNow()));
});
