import { expect, test } from 'vitest';

import { borrowClock, createSettableClock, formatDate, parseDate } from './settable-clock.ts';

test('the clock starts at the real time, runs, and can be set and pushed ahead', () => {
  const clock = createSettableClock();

  expect(Math.abs(clock.date() - Date.now())).toBeLessThan(1000);
  clock.set(1_000_000);
  clock.pass(500_000);
  expect(Math.floor((clock.date() - 1_500_000) / 1000)).toBe(0);
});

test('a borrowed clock is read, and only its owner moves it', () => {
  const clock = borrowClock({ date: () => 42 });

  expect(clock.date()).toBe(42);
  expect(() => clock.pass(1)).toThrow('move that one');
  expect(() => clock.set(1)).toThrow('move that one');
});

test('dates are written in whole seconds of UTC, and read in no other form', () => {
  const ms = Date.UTC(2026, 0, 2, 3, 4, 5);

  expect(formatDate(ms + 999)).toBe('2026-01-02T03:04:05Z');
  expect(parseDate('2026-01-02T03:04:05Z')).toBe(ms);
  for (const other of [
    '2026-01-02T03:04:05+00:00',
    '2026-1-2T03:04:05Z',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
  ]) {
    expect(parseDate(other)).toBeUndefined();
  }
});
