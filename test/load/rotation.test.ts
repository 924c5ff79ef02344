// Rotations of the account of a real PostgreSQL and MariaDB under 500 queries a second. Each connection is renewed after 20 queries, so a
// pool that misses a rotation fails in the next seconds. Counts are asserted, never durations.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Fleet } from './rotation/fleet.mjs';
import type { FleetResult, FleetTask } from './rotation/fleet.mjs';

const drivers = ['kms-secrets, pg', 'kms-secrets, mysql2', 'kms-secrets, mariadb'];
const manyRotations = 50;
const timeout = 600_000;

/** The starts of the rounds that look for a new version, in milliseconds after the database rejected the old one. */
const rounds = [0, 1_000, 3_000, 7_000];
/** How much more time than the last rotation one may take until it costs another request. */
const variation = 200;

/** The requests that one process may send: two for each rotation, and more for the first slow one. `gaps` are measured. */
function maxRequests(gaps: readonly number[]): number {
  let sum = 0;
  let last = 0;
  for (const gap of gaps) {
    const isExpected = gap < 1_000 || gap <= last + variation;
    sum += isExpected ? 2 : 1 + rounds.filter((start) => start <= gap).length;
    last = gap;
  }
  return sum;
}

function report(title: string, { succeeded, failed, requests, slowest, gaps }: FleetResult, processes = 1): void {
  const share = (requests / gaps.length / processes).toFixed(2);
  console.log(
    `${title}: ${failed} of ${succeeded + failed} queries failed in ${gaps.length} rotations, ` +
      `${share} requests to KMS per rotation and process, slowest query ${Math.round(slowest)} ms`,
  );
}

const single = { mode: 'SingleUser', gap: 300 } as const;
const double = { mode: 'DoubleUsers', gap: 0 } as const;

async function fleetOf(task: FleetTask): Promise<Fleet> {
  return Fleet.open(task);
}

describe.each(drivers)('%s', (pool) => {
  test.each([
    { gap: 0, count: manyRotations },
    { gap: 300, count: manyRotations },
    { gap: 3_000, count: 5 },
  ])(
    'no query fails in $count rotations of one account, with a gap of $gap ms',
    async ({ gap, count }) => {
      await using fleet = await fleetOf({ pool, ...single, gap });

      for (let rotation = 0; rotation < count; rotation += 1) {
        await fleet.rotate();
        await fleet.queries(50);
      }
      const result = await fleet.result();

      report(`${pool}, one account, gap ${gap} ms`, result);
      expect(result).toMatchObject({ failed: 0, codes: {}, message: undefined });
      expect(result.requests).toBeLessThanOrEqual(maxRequests(result.gaps));
    },
    timeout,
  );

  test(
    `no query fails in ${manyRotations} rotations of two accounts`,
    async () => {
      await using fleet = await fleetOf({ pool, ...double });

      for (let rotation = 0; rotation < manyRotations; rotation += 1) {
        await fleet.change();
        await fleet.queries(150);
      }
      const result = await fleet.result();

      report(`${pool}, two accounts`, result);
      expect(result).toMatchObject({ failed: 0, codes: {}, message: undefined });
      expect(result.requests).toBeGreaterThan(0);
      expect(result.requests).toBeLessThanOrEqual(manyRotations);
    },
    timeout,
  );

  test(
    'no query fails if KMS is unavailable during a rotation',
    async () => {
      await using fleet = await fleetOf({ pool, ...single });

      await fleet.stopKms();
      const versionId = await fleet.change();
      await sleep(2_000);
      await fleet.startKms();
      await fleet.arrival(versionId);
      await fleet.queries(200);
      const result = await fleet.result();

      report(`${pool}, KMS unavailable`, result);
      expect(result).toMatchObject({ failed: 0, codes: {}, message: undefined });
    },
    timeout,
  );

  test(
    'no query fails in rotations of a full pool',
    async () => {
      await using fleet = await fleetOf({ pool, ...single, size: 2, rate: 2_000 });

      for (let rotation = 0; rotation < 5; rotation += 1) {
        await fleet.rotate();
        await fleet.queries(100);
      }
      const result = await fleet.result();

      report(`${pool}, two connections`, result);
      expect(result).toMatchObject({ failed: 0, codes: {}, message: undefined });
      expect(result.requests).toBeLessThanOrEqual(maxRequests(result.gaps));
    },
    timeout,
  );

  test(
    'a transaction goes on across two rotations',
    async () => {
      await using fleet = await fleetOf({ pool, ...single });

      await fleet.begin();
      await fleet.rotate();
      await fleet.rotate();
      await fleet.commit();
      await fleet.queries(200);
      const result = await fleet.result();

      report(`${pool}, transaction`, result);
      expect(result).toMatchObject({ failed: 0, codes: {}, message: undefined });
    },
    timeout,
  );
});

describe('10 processes', () => {
  test.each([
    { pool: 'kms-secrets, pg', stores: 'none' },
    { pool: 'kms-secrets, pg', stores: 'redis' },
    { pool: 'kms-secrets, mysql2', stores: 'none' },
    { pool: 'kms-secrets, mysql2', stores: 'redis' },
  ])(
    'no query fails with $pool, and stores: $stores',
    async ({ pool, stores }) => {
      const processes = 10;
      const size = 5; // PostgreSQL allows 100 connections
      await using fleet = await fleetOf({ pool, stores, processes, size, ...single });

      for (let rotation = 0; rotation < 5; rotation += 1) {
        await fleet.rotate();
        await fleet.queries(120); // until each of the five connections has been renewed
      }
      const result = await fleet.result();

      report(`${pool}, 10 processes, stores: ${stores}`, result, processes);
      expect(result).toMatchObject({ failed: 0, codes: {}, message: undefined });
      expect(result.requests).toBeLessThanOrEqual(processes * maxRequests(result.gaps));
    },
    timeout,
  );
});
