import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { FetchFailure } from '../ports/transport.ts';
import { Rest } from './cooldown.ts';

test('who throttles and does not say for how long is spared for a second, and may be asked where nobody else is left', async () => {
  const clock = new FakeClock();
  const rest = new Rest(clock);

  rest.begin(new FetchFailure('throttled', 'slow down'));

  expect([rest.left, rest.owed]).toEqual([1_000, 0]);
  await clock.pass('1s');
  expect(rest.left).toBe(0);
});

test('who names a time is not asked before it, whatever else it says meanwhile', async () => {
  const clock = new FakeClock();
  const rest = new Rest(clock);
  rest.begin(new FetchFailure('throttled', 'slow down', { retryAfter: 5_000 }));

  rest.begin(new FetchFailure('unavailable', 'away', { retryAfter: 1_000 }));
  await clock.pass('4s');

  expect([rest.left, rest.owed]).toEqual([1_000, 1_000]);
});

test('what is out of reach is not spared: that is a matter for its breaker', () => {
  const rest = new Rest(new FakeClock());

  rest.begin(new FetchFailure('unreachable', 'gone'));

  expect(rest.left).toBe(0);
});

test('an answer ends a rest that nobody named', () => {
  const rest = new Rest(new FakeClock());
  rest.begin(new FetchFailure('throttled', 'slow down'));

  rest.end();

  expect(rest.left).toBe(0);
});
