import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { FailureWindow } from './failure-window.ts';

test('calls older than the window do not count', async () => {
  const clock = new FakeClock();
  const window = new FailureWindow(clock, 1_000);
  window.add('failed');
  await clock.pass(900);
  window.add('succeeded');

  const before = window.totals;
  await clock.pass(100);

  expect(before).toEqual({ calls: 2, failures: 1 });
  expect(window.totals).toEqual({ calls: 1, failures: 0 });
});

test('counters of an old slice are not reused after a long pause', async () => {
  const clock = new FakeClock();
  const window = new FailureWindow(clock, 1_000);
  for (let count = 0; count < 10; count += 1) {
    window.add('failed');
    await clock.pass(100);
  }

  await clock.pass('1h');
  window.add('failed');

  expect(window.totals).toEqual({ calls: 1, failures: 1 });
});
