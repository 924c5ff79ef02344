import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fullJitter } from './backoff.ts';

test('a wait lies between nothing and a bound that doubles up to the cap', () => {
  const backoff = fullJitter({ base: 250, cap: 10_000, maxAttempts: 20 });

  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 19 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (tries, random) => {
        const wait = backoff(tries, random);
        return wait !== undefined && wait >= 0 && wait <= Math.min(10_000, 250 * 2 ** (tries - 1));
      },
    ),
  );
});

test('two clients with different luck wait differently', () => {
  const backoff = fullJitter({ base: 250, cap: 10_000, maxAttempts: 5 });

  expect(backoff(3, 0.1)).toBe(100);
  expect(backoff(3, 0.9)).toBe(900);
});

test('the last try is not followed by a wait', () => {
  const backoff = fullJitter({ base: 250, cap: 10_000, maxAttempts: 5 });

  expect(backoff(4, 0.5)).toBeDefined();
  expect(backoff(5, 0.5)).toBeUndefined();
});
