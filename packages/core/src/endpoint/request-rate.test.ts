import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { RequestRate } from './request-rate.ts';

test('is the average of the last minute, or since the start', async () => {
  const clock = new FakeClock();
  const rate = new RequestRate(clock);
  for (let request = 0; request < 30; request += 1) rate.add();
  const atStart = rate.perSecond;
  await clock.pass('10s');
  const afterTen = rate.perSecond;
  await clock.pass('40s');
  const afterFifty = rate.perSecond;
  await clock.pass('20s');

  expect([atStart, afterTen, afterFifty, rate.perSecond]).toEqual([30, 3, 0.6, 0]);
});

test('forgets everything after a pause of more than a minute', async () => {
  const clock = new FakeClock();
  const rate = new RequestRate(clock);
  rate.add();
  await clock.pass('5m');
  rate.add();

  expect(rate.perSecond).toBeCloseTo(1 / 60);
});
