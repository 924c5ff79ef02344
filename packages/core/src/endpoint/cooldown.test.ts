import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { FetchFailure } from '../ports/transport.ts';
import { Cooldown } from './cooldown.ts';

test('throttling without a Retry-After starts a cooldown of one second', async () => {
  const clock = new FakeClock();
  const cooldown = new Cooldown(clock);

  cooldown.start(new FetchFailure('throttled', 'slow down'));

  expect([cooldown.remaining, cooldown.retryAfter]).toEqual([1_000, 0]);
  await clock.pass('1s');
  expect(cooldown.remaining).toBe(0);
});

test('a later, shorter Retry-After does not end an earlier one', async () => {
  const clock = new FakeClock();
  const cooldown = new Cooldown(clock);
  cooldown.start(new FetchFailure('throttled', 'slow down', { retryAfter: 5_000 }));

  cooldown.start(new FetchFailure('unavailable', 'down', { retryAfter: 1_000 }));
  await clock.pass('4s');

  expect([cooldown.remaining, cooldown.retryAfter]).toEqual([1_000, 1_000]);
});

test('an unreachable endpoint has no cooldown', () => {
  const cooldown = new Cooldown(new FakeClock());

  cooldown.start(new FetchFailure('unreachable', 'gone'));

  expect(cooldown.remaining).toBe(0);
});

test('`clear` ends a cooldown without a Retry-After', () => {
  const cooldown = new Cooldown(new FakeClock());
  cooldown.start(new FetchFailure('throttled', 'slow down'));

  cooldown.clear();

  expect(cooldown.remaining).toBe(0);
});

test.each([Number.POSITIVE_INFINITY, Number.NaN, -5, 10 ** 15])(
  'a Retry-After of %d ms ends within a minute',
  async (retryAfter) => {
    const clock = new FakeClock();
    const cooldown = new Cooldown(clock);

    cooldown.start(new FetchFailure('throttled', 'slow down', { retryAfter }));
    await clock.pass('1m');

    expect([cooldown.retryAfter, cooldown.remaining]).toEqual([0, 0]);
  },
);
