import { expect, test } from 'vitest';

import { readOnlyClock, createSettableClock, formatDate, parseDate } from './settable-clock.ts';

test('starts at the system time, runs, and can be set and advanced', () => {
  const clock = createSettableClock();

  expectSystemTime(() => clock.date());
  const before = Date.now();
  clock.set(1_000_000);
  clock.pass(500_000);
  const elapsed = clock.date() - 1_500_000;
  expect(elapsed >= 0 && elapsed <= Date.now() - before).toBe(true);
});

/** Checks that `read` returns the system time, however long the test is interrupted. */
function expectSystemTime(read: () => number): void {
  const before = Date.now();
  const date = read();
  expect(date >= before && date <= Date.now()).toBe(true);
}

test('advances by a duration', () => {
  const clock = createSettableClock();
  const before = clock.date();

  clock.pass('16m');

  expect(Math.round((clock.date() - before) / 60_000)).toBe(16);
});

test.each(['a while', '16 minutes', '', undefined, Number.NaN, {}])(
  'pass(%j) throws and does not move the clock',
  (value) => {
    const clock = createSettableClock();

    expect(() => clock.pass(value as number)).toThrow('a duration such as 16m');
    expectSystemTime(() => clock.date());
  },
);

test('rejects a time that is not a number', () => {
  expect(() => createSettableClock().set('2026-01-02' as unknown as number)).toThrow('milliseconds since 1970');
  expect(() => readOnlyClock({ date: () => Number.NaN }).date()).toThrow('The date of the option clock must be');
});

test('a read-only clock cannot be set or advanced', () => {
  const clock = readOnlyClock({ date: () => 42 });

  expect(clock.date()).toBe(42);
  expect(() => clock.pass(1)).toThrow('set or advance that clock instead');
  expect(() => clock.set(1)).toThrow('set or advance that clock instead');
});

test('formats and parses dates in whole seconds of UTC', () => {
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
