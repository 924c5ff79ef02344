import { expect, test } from 'vitest';

import { TokenBucket } from './token-bucket.ts';

test('a second brings its tokens back one by one, and saves up no more than a second holds', () => {
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

test('a clock that is set back takes no tokens away', () => {
  let now = 60_000;
  const bucket = new TokenBucket({ perSecond: 1, clock: { date: () => now } });
  now = 0;

  expect(bucket.take()).toBe(true);
});
