import { expect, test } from 'vitest';
import { killHolder, killRedis, rotate, startCold, withFleet } from '../load/fleet.mjs';
import type { FleetChoice } from '../load/fleet.mjs';

const shared: FleetChoice = { processes: 8, stores: 'redis', options: { ttl: '1h', deadline: '1m' }, within: 30_000 };

test('a fleet without a store goes by its TTL: each process asks KMS, and has the new version in the end', async () => {
  const rotation = await withFleet(
    { ...shared, processes: 4, stores: 'none', options: { ttl: '1s', deadline: '1m' } },
    async (fleet) => {
      await startCold(fleet);
      return rotate(fleet);
    },
  );

  expect(rotation.have).toBe(4);
  expect(rotation.requests).toBeGreaterThanOrEqual(4);
});

test('a fleet with Redis asks KMS once when all start together, and once for a rotation', async () => {
  // A process stops waiting for Redis after 2 s, and for another process too: on a busy machine each may take longer.
  const options: FleetChoice['options'] = { ttl: '1h', deadline: '1m', storeTimeout: '2s' };
  const [cold, rotation] = await withFleet({ ...shared, options, slowdown: 10 }, async (fleet) => [
    await startCold(fleet),
    await rotate(fleet),
  ]);

  expect(cold).toMatchObject({ have: 8, requests: 1 });
  expect(rotation).toMatchObject({ have: 8, requests: 1 });
});

test('a process that is killed while it asks KMS for all takes the secret from nobody', async () => {
  const orphaned = await withFleet(shared, killHolder);

  expect(orphaned.have).toBe(7);
  // Its own, and one more; on a machine that is busy enough somebody else may think that it takes too long.
  expect(orphaned.requests).toBeGreaterThanOrEqual(2);
  expect(orphaned.requests).toBeLessThanOrEqual(8);
});

test('no read fails while Redis is killed and started again, and then it is shared as before', async () => {
  const { reads, failed, figures, healed } = await withFleet(
    { ...shared, options: { ttl: '2s', deadline: '1m' } },
    async (fleet) => {
      await startCold(fleet);
      return killRedis(fleet, 50);
    },
  );

  expect(failed).toBe(0);
  expect(reads).toBeGreaterThan(8 * 50);
  expect([figures.have, healed.have]).toEqual([8, 8]);
});
