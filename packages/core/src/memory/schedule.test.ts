import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refreshDelay, retryDelay } from './schedule.ts';

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('refreshes within the last tenth of the TTL', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 1e12 }), chance, (ttl, random) => {
      const wait = refreshDelay({ ttl, age: 0, rotatesIn: undefined, random });
      return wait <= ttl * 0.98 && wait > ttl * 0.9 - 1;
    }),
  );
});

test('counts the duration of the fetch towards the TTL', () => {
  expect(refreshDelay({ ttl: 10_000, age: 400, rotatesIn: undefined, random: 0 })).toBe(9_400);
  expect(refreshDelay({ ttl: 1_000, age: 4_000, rotatesIn: undefined, random: 0 })).toBe(0);
});

test('processes with different random values refresh at different times', () => {
  const delayFor = (random: number): number => refreshDelay({ ttl: 3_600_000, age: 0, rotatesIn: undefined, random });

  expect(delayFor(0.2)).not.toBe(delayFor(0.8));
});

test('refreshes shortly after an announced rotation', () => {
  const wait = refreshDelay({ ttl: 3_600_000, age: 0, rotatesIn: 60_000, random: 0.5 });

  expect(wait).toBeGreaterThan(60_000);
  expect(wait).toBeLessThan(75_000);
});

test('refreshes with growing delays up to the TTL while a rotation is late', () => {
  const delayAfter = (late: number): number => refreshDelay({ ttl: 3_600_000, age: 0, rotatesIn: -late, random: 0.5 });

  expect([0, 1_000, 7_500, 15_000, 300_000].map(delayAfter)).toEqual([5_000, 5_000, 7_500, 15_000, 300_000]);
  expect(delayAfter(365 * 86_400_000)).toBe(3_600_000 * 0.94);
});

test('ignores a rotation after the TTL, long ago or invalid', () => {
  expect(refreshDelay({ ttl: 1_000, age: 0, rotatesIn: 60_000, random: 0 })).toBe(980);
  expect(refreshDelay({ ttl: 1_000, age: 0, rotatesIn: -60_000, random: 0 })).toBe(980);
  expect(refreshDelay({ ttl: 1_000, age: 0, rotatesIn: Number.NaN, random: 0 })).toBe(980);
});

test('doubles the retry delay up to 30 s', () => {
  expect([1, 2, 3, 6, 7, 1_000].map((failures) => retryDelay(failures, 0.999_999).toFixed(0))).toEqual([
    '1000',
    '2000',
    '4000',
    '30000',
    '30000',
    '30000',
  ]);
  expect(retryDelay(1, 0)).toBe(500);
});
