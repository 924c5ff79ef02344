import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Latency } from './latency.ts';

test('of a few answers nothing is said', () => {
  const latency = new Latency();

  for (let count = 0; count < 19; count += 1) latency.add(5);

  expect(latency.p95).toBeUndefined();
});

test('of a few answers, twice the slowest is a guess; of none there is no guess', () => {
  const latency = new Latency();
  const before = latency.estimate;

  latency.add(30);
  latency.add(20);

  expect([before, latency.estimate]).toEqual([undefined, 60]);
});

test('of a hundred answers, five are slower than what is said', () => {
  const latency = new Latency();

  for (let ms = 1; ms <= 120; ms += 1) latency.add(ms);

  expect(latency.p95).toBe(114);
});

test('what an endpoint did long ago is forgotten', () => {
  const latency = new Latency();
  for (let count = 0; count < 128; count += 1) latency.add(900);
  expect(latency.p95).toBe(900);

  for (let count = 0; count < 128; count += 1) latency.add(10);

  expect(latency.p95).toBe(10);
});

test('a single slow answer among many does not move it', () => {
  const latency = new Latency();
  for (let count = 0; count < 39; count += 1) latency.add(10);

  latency.add(4_000);

  expect(latency.p95).toBe(10);
});

test('it lies between the fastest and the slowest of the last answers, whatever they were', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(10_000), { minLength: 20, maxLength: 400 }), (samples) => {
      const latency = new Latency();
      for (const ms of samples) latency.add(ms);

      const recent = samples.slice(-136); // those looked at, and those since they were
      expect(latency.p95).toBeGreaterThanOrEqual(Math.min(...recent));
      expect(latency.p95).toBeLessThanOrEqual(Math.max(...recent));
    }),
  );
});
