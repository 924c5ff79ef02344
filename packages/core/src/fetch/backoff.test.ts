import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fullJitter } from './backoff.ts';

test('waits between zero and a bound that doubles up to the cap', () => {
  const backoff = fullJitter({ base: 250, cap: 10_000, maxAttempts: 20 });

  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 19 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const wait = backoff(attempt, random);
        return wait !== undefined && wait >= 0 && wait <= Math.min(10_000, 250 * 2 ** (attempt - 1));
      },
    ),
  );
});

test('waits differently for different random numbers', () => {
  const backoff = fullJitter({ base: 250, cap: 10_000, maxAttempts: 5 });

  expect(backoff(3, 0.1)).toBe(100);
  expect(backoff(3, 0.9)).toBe(900);
});

test('returns undefined after the last attempt', () => {
  const backoff = fullJitter({ base: 250, cap: 10_000, maxAttempts: 5 });

  expect(backoff(4, 0.5)).toBeDefined();
  expect(backoff(5, 0.5)).toBeUndefined();
});
