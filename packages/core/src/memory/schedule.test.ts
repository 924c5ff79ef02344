import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refreshIn, retryIn } from './schedule.ts';

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a refresh comes before the TTL ends, and at most a tenth of it earlier', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 1e12 }), chance, (ttl, random) => {
      const wait = refreshIn({ ttl, age: 0, rotatesIn: undefined, random });
      return wait <= ttl * 0.98 && wait > ttl * 0.9 - 1;
    }),
  );
});

test('what the fetch itself took is not added to the TTL', () => {
  expect(refreshIn({ ttl: 10_000, age: 400, rotatesIn: undefined, random: 0 })).toBe(9_400);
  expect(refreshIn({ ttl: 1_000, age: 4_000, rotatesIn: undefined, random: 0 })).toBe(0);
});

test('two processes with different luck refresh at different moments', () => {
  const [one, other] = [0.2, 0.8].map((random) => refreshIn({ ttl: 3_600_000, age: 0, rotatesIn: undefined, random }));

  expect(one).not.toBe(other);
});

test('a secret that KMS is about to rotate is fetched shortly after, whatever its TTL', () => {
  const wait = refreshIn({ ttl: 3_600_000, age: 0, rotatesIn: 60_000, random: 0.5 });

  expect(wait).toBeGreaterThan(60_000);
  expect(wait).toBeLessThan(75_000);
});

test('a rotation later than the TTL, or one that is overdue, changes nothing', () => {
  expect(refreshIn({ ttl: 1_000, age: 0, rotatesIn: 60_000, random: 0 })).toBe(980);
  expect(refreshIn({ ttl: 1_000, age: 0, rotatesIn: -5, random: 0 })).toBe(980);
  expect(refreshIn({ ttl: 1_000, age: 0, rotatesIn: Number.NaN, random: 0 })).toBe(980);
});

test('the wait after failed refreshes doubles up to half a minute, and is never nothing', () => {
  expect([1, 2, 3, 6, 7, 1_000].map((failures) => retryIn(failures, 0.999_999).toFixed(0))).toEqual([
    '1000',
    '2000',
    '4000',
    '30000',
    '30000',
    '30000',
  ]);
  expect(retryIn(1, 0)).toBe(500);
});
