import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Latency } from './latency.ts';

test('there is no p95 with fewer than 20 samples', () => {
  const latency = new Latency();

  for (let count = 0; count < 19; count += 1) latency.add(5);

  expect(latency.p95).toBeUndefined();
});

test('estimates twice the slowest of a few samples', () => {
  const latency = new Latency();
  const before = latency.estimate;

  latency.add(30);
  latency.add(20);

  expect([before, latency.estimate]).toEqual([undefined, 60]);
});

test('the p95 is exceeded by five of a hundred samples', () => {
  const latency = new Latency();

  for (let ms = 1; ms <= 120; ms += 1) latency.add(ms);

  expect(latency.p95).toBe(114);
});

test('the p95 of twenty samples is exceeded by one', () => {
  const latency = new Latency();

  for (let ms = 1; ms <= 20; ms += 1) latency.add(ms);

  expect(latency.p95).toBe(19);
});

test('old samples leave the window', () => {
  const latency = new Latency();
  for (let count = 0; count < 128; count += 1) latency.add(900);
  expect(latency.p95).toBe(900);

  for (let count = 0; count < 128; count += 1) latency.add(10);

  expect(latency.p95).toBe(10);
});

test('a single outlier does not change the p95', () => {
  const latency = new Latency();
  for (let count = 0; count < 39; count += 1) latency.add(10);

  latency.add(4_000);

  expect(latency.p95).toBe(10);
});

test('the p95 is between the fastest and the slowest recent sample', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(10_000), { minLength: 20, maxLength: 400 }), (samples) => {
      const latency = new Latency();
      for (const ms of samples) latency.add(ms);

      const recent = samples.slice(-136); // the window, and the samples since the last computation
      expect(latency.p95).toBeGreaterThanOrEqual(Math.min(...recent));
      expect(latency.p95).toBeLessThanOrEqual(Math.max(...recent));
    }),
  );
});
