import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { AdaptiveRate } from './adaptive-rate.ts';

function setUp(max = 100): { readonly clock: FakeClock; readonly rate: AdaptiveRate } {
  const clock = new FakeClock();
  return { clock, rate: new AdaptiveRate({ clock, max }) };
}

test('throttling halves the rate of the last second, and time raises it', async () => {
  const { clock, rate } = setUp();
  for (let count = 0; count < 40; count += 1) rate.sent();

  expect(rate.throttled(clock.now())).toBe(true);
  expect([rate.current, rate.isThrottled]).toEqual([20, true]);
  await clock.pass('7s');
  expect(rate.current).toBeCloseTo(40);
  await clock.pass('1m');

  expect([rate.current, rate.isThrottled]).toEqual([100, false]);
});

test('the responses to one burst lower the rate once', () => {
  const { clock, rate } = setUp();
  for (let count = 0; count < 40; count += 1) rate.sent();

  const lowered = Array.from({ length: 40 }, () => rate.throttled(clock.now()));

  expect(lowered.filter(Boolean)).toHaveLength(1);
});

test.each([
  { max: 100, sent: 10 },
  { max: 10, sent: 5 },
])('does not lower a rate of $max for a client that sent $sent requests in a second', ({ max, sent }) => {
  const { clock, rate } = setUp(max);
  for (let count = 0; count < sent; count += 1) rate.sent();

  expect(rate.throttled(clock.now())).toBe(false);
  expect(rate.current).toBe(max);

  rate.sent();
  expect(rate.throttled(clock.now())).toBe(true);
});

test('a process that is starting may be one of many: its rate is lowered whatever it has sent', () => {
  const { clock, rate } = setUp();
  rate.sent();

  expect(rate.throttled(clock.now(), true)).toBe(true);
  expect(rate.current).toBe(1);
});

test('a low rate rises by 0.4 a second', async () => {
  const { clock, rate } = setUp();
  rate.sent();
  rate.throttled(clock.now(), true);

  await clock.pass('5s');

  expect(rate.current).toBeCloseTo(3);
});

test('throttled responses that arrive after a pause halve the rate at which the requests were sent', async () => {
  const { clock, rate } = setUp();
  for (let count = 0; count < 40; count += 1) rate.sent();
  expect(rate.throttled(clock.now())).toBe(true);
  await clock.pass('2.5s');
  const sentAt = clock.now();
  for (let count = 0; count < 20; count += 1) rate.sent();

  clock.freeze('3s');

  expect(rate.throttled(sentAt)).toBe(true);
  expect(rate.current).toBe(10);
});
