import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { RollingCount } from './rolling-count.ts';

const settings = { slices: 10, sliceLength: 100 };

test('events older than the slices do not count', async () => {
  const clock = new FakeClock();
  const count = new RollingCount(clock, settings);
  count.add();
  await clock.pass(900);
  count.add();

  const before = count.total;
  await clock.pass(100);

  expect([before, count.total]).toEqual([2, 1]);
});

test('counters of an old slice are not reused after a long pause', async () => {
  const clock = new FakeClock();
  const count = new RollingCount(clock, settings);
  for (let event = 0; event < 10; event += 1) {
    count.add();
    await clock.pass(100);
  }

  await clock.pass('1h');
  count.add();

  expect(count.total).toBe(1);
});
