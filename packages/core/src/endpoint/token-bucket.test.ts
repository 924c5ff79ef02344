import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

test('is empty after its capacity, then yields what is added', () => {
  const bucket = new TokenBucket(2);

  const taken = [bucket.take(), bucket.take(), bucket.take()];
  bucket.add(0.5);
  taken.push(bucket.take());
  bucket.add(0.5);
  taken.push(bucket.take());

  expect(taken).toEqual([true, true, false, false, true]);
});

test('does not take from the reserve', () => {
  const bucket = new TokenBucket(3);

  expect([bucket.take(2), bucket.take(2), bucket.take(1)]).toEqual([true, false, true]);
  expect(bucket.shortfall(2)).toBe(2);
});

test('never yields more than its capacity and what was added', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.double({ min: 0, max: 3, noNaN: true })), (size, adds) => {
      const bucket = new TokenBucket(size);
      let taken = 0;
      let added = 0;
      for (const tokens of adds) {
        while (bucket.take()) taken += 1;
        bucket.add(tokens);
        added += tokens;
      }
      while (bucket.take()) taken += 1;

      expect(taken).toBeLessThanOrEqual(size + added + 1e-9);
    }),
  );
});
