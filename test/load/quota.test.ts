import { expect, test } from 'vitest';
import { startOnQuota } from './quota.mjs';

const fleet = { processes: 20, names: 25, quota: 60 };

test('20 processes that start together share a quota: each batch is one request, and none is throttled', async () => {
  const { requests, throttled, errors } = await startOnQuota({ ...fleet, supportsBatch: true });

  expect(errors).toEqual([]);
  expect(throttled).toBe(0);
  // Two batches for each process; a few more requests if a machine is so busy that a batch is sent before it is full.
  expect(requests).toBeLessThan(100);
}, 600_000);

test('20 processes that start together share a quota without batches: few requests are throttled', async () => {
  const { requests, throttled, errors } = await startOnQuota({ ...fleet, supportsBatch: false });

  expect(errors).toEqual([]);
  // Each process finds out by its first batches that the endpoint does not support them.
  expect(requests - throttled).toBeLessThan(500 + 20 * 5);
  // The goal is 10 %: 5.8 to 9.1 % were seen on two busy cores.
  expect(throttled).toBeLessThan(requests * 0.15);
}, 600_000);
