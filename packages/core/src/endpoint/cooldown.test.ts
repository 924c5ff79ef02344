import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { FetchFailure } from '../ports/transport.ts';
import { Cooldown } from './cooldown.ts';

test('who throttles and does not say for how long is spared for a second, and may be asked where nobody else is left', async () => {
  const clock = new FakeClock();
  const rest = new Cooldown(clock);

  rest.start(new FetchFailure('throttled', 'slow down'));

  expect([rest.remaining, rest.retryAfter]).toEqual([1_000, 0]);
  await clock.pass('1s');
  expect(rest.remaining).toBe(0);
});

test('who names a time is not asked before it, whatever else it says meanwhile', async () => {
  const clock = new FakeClock();
  const rest = new Cooldown(clock);
  rest.start(new FetchFailure('throttled', 'slow down', { retryAfter: 5_000 }));

  rest.start(new FetchFailure('unavailable', 'away', { retryAfter: 1_000 }));
  await clock.pass('4s');

  expect([rest.remaining, rest.retryAfter]).toEqual([1_000, 1_000]);
});

test('what is out of reach is not spared: that is a matter for its breaker', () => {
  const rest = new Cooldown(new FakeClock());

  rest.start(new FetchFailure('unreachable', 'gone'));

  expect(rest.remaining).toBe(0);
});

test('an answer ends a rest that nobody named', () => {
  const rest = new Cooldown(new FakeClock());
  rest.start(new FetchFailure('throttled', 'slow down'));

  rest.clear();

  expect(rest.remaining).toBe(0);
});
