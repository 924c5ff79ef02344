import { expect, test } from 'vitest';
import { rotateInFleet } from '../load/fleet.mjs';

test('a fleet without a store goes by its TTL: each process asks KMS, and has the new version in the end', async () => {
  const fleet = await rotateInFleet({ processes: 4, stores: 'none', ttl: '1s', within: 30_000 });

  expect(fleet.fresh).toBe(4);
  expect(fleet.rotationRequests).toBeGreaterThanOrEqual(4);
});
