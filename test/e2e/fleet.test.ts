import { expect, test } from 'vitest';
import { killLeaseHolder, killRedis, rotate, startCold, withFleet } from '../load/fleet.mjs';
import type { FleetOptions } from '../load/fleet.mjs';

const withRedis: FleetOptions = {
  processes: 8,
  stores: 'redis',
  options: { ttl: '1h', deadline: '1m' },
  timeout: 30_000,
};

test('without a store, each process fetches a rotation within its TTL', async () => {
  const rotation = await withFleet(
    { ...withRedis, processes: 4, stores: 'none', options: { ttl: '1s', deadline: '1m' } },
    async (fleet) => {
      await startCold(fleet);
      return rotate(fleet);
    },
  );

  expect(rotation.updated).toBe(4);
  expect(rotation.requests).toBeGreaterThanOrEqual(4);
});

test('a fleet with Redis sends KMS one request per cold start and rotation', async () => {
  // A process fetches from KMS if Redis or the lease holder takes longer than 2 s, which happens on a busy machine.
  const options: FleetOptions['options'] = { ttl: '1h', deadline: '1m', storeTimeout: '2s' };
  const [cold, rotation] = await withFleet({ ...withRedis, options, slowdown: 10 }, async (fleet) => [
    await startCold(fleet),
    await rotate(fleet),
  ]);

  expect(cold).toMatchObject({ updated: 8, requests: 1 });
  expect(rotation).toMatchObject({ updated: 8, requests: 1 });
});

test('all other processes get the secret when the lease holder is killed', async () => {
  const figures = await withFleet(withRedis, killLeaseHolder);

  expect(figures.updated).toBe(7);
  // The request of the killed process and one more. On a busy machine other processes may exceed the lease timeout.
  expect(figures.requests).toBeGreaterThanOrEqual(2);
  expect(figures.requests).toBeLessThanOrEqual(8);
});

test('no read fails while Redis is killed and restarted', async () => {
  const { reads, failed, during, after } = await withFleet(
    { ...withRedis, options: { ttl: '2s', deadline: '1m' } },
    async (fleet) => {
      await startCold(fleet);
      return killRedis(fleet, 50);
    },
  );

  expect(failed).toBe(0);
  expect(reads).toBeGreaterThan(8 * 50);
  expect([during.updated, after.updated]).toEqual([8, 8]);
});
