import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRotationMissed } from './entry-status.ts';
import { Rotations } from './rotations.ts';

const minute = 60_000;

test('lists the rotations that were missed, the longest first', () => {
  const rotations = new Rotations();
  for (const [key, at] of [
    ['a', 30],
    ['b', 10],
    ['c', 20],
  ] as const)
    rotations.set(key, at * minute);

  expect(rotations.missed(24 * minute, 10)).toEqual({ count: 0, keys: [], since: undefined });
  expect(rotations.missed(60 * minute, 1)).toEqual({ count: 3, keys: ['b'], since: 10 * minute });
});

test('ignores what is no date, and no other date with it', () => {
  const rotations = new Rotations();
  for (const [key, at] of [
    ['a', Number.NaN],
    ['b', -1],
    ['c', 0],
    ['d', 1],
  ] as const)
    rotations.set(key, at);

  expect(rotations.missed(Number.MAX_SAFE_INTEGER, 10)).toEqual({ count: 1, keys: ['d'], since: 1 });
});

test('agrees with a look at every date, whatever is set and wherever the calendar goes', () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    at: fc.option(fc.nat(200)),
    now: fc.nat(200),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const rotations = new Rotations();
      const dates = new Map<string, number>();
      for (const { key, at, now } of steps) {
        rotations.set(key, at === null ? undefined : at * minute);
        if (at === null) dates.delete(key);
        else dates.set(key, at * minute);
        const missed = [...dates].filter(([, date]) => isRotationMissed(date, now * minute));
        const result = rotations.missed(now * minute, 10);
        expect(result.count).toBe(missed.length);
        expect(result.keys.toSorted()).toEqual(missed.map(([missedKey]) => missedKey).toSorted());
        expect(result.since).toBe(missed.length === 0 ? undefined : Math.min(...missed.map(([, date]) => date)));
      }
    }),
  );
});
