import { expect, test } from 'vitest';

import { TokenBucket } from './token-bucket.ts';

test('refills continuously, up to the tokens of one second', () => {
  let now = 0;
  const bucket = new TokenBucket({ perSecond: 2, clock: { date: () => now } });
  const take = (): boolean => bucket.take();

  expect([take(), take(), take()]).toEqual([true, true, false]);
  now += 499;
  expect(take()).toBe(false);
  now += 1;
  expect([take(), take()]).toEqual([true, false]);
  now += 60_000;
  expect([take(), take(), take()]).toEqual([true, true, false]);
});

test('keeps its tokens if the clock is set back', () => {
  let now = 60_000;
  const bucket = new TokenBucket({ perSecond: 1, clock: { date: () => now } });
  now = 0;

  expect(bucket.take()).toBe(true);
});
