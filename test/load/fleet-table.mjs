// @ts-check
import { columns } from '../support/columns.mjs';
import { killLeaseHolder, killRedis, rotate, startCold, withFleet } from './fleet.mjs';
import { quantile } from './quantile.mjs';

/** @typedef {import('./fleet.mjs').FleetFigures & { stores: string }} Row */

/** Milliseconds that a read waits for the lease holder before it fetches the secret itself: `leaseTimeout` in store-tier.ts. */
const leaseTimeout = 2_000;
const timeout = 30_000;
/** Longer than the default: the duration is what is measured, and a busy machine may need longer than a read usually may. */
const deadline = '1m';

/** @type {import('./faults.mjs').Group} */
export async function fleetTable({ log, processes }) {
  log(`a fleet of ${processes} processes without a store`);
  const withoutStore = await withFleet(
    { processes, stores: 'none', options: { ttl: '1s', deadline }, timeout },
    async (fleet) => [await startCold(fleet), await rotate(fleet)],
  );
  log('the same with Redis');
  const [cold, rotation, secondRotation] = await withFleet(
    { processes, stores: 'redis', options: { ttl: '1h', deadline }, timeout },
    async (fleet) => [
      await startCold(fleet),
      await rotate(fleet),
      // The first rotation includes one-time work such as compiling code.
      { ...(await rotate(fleet)), event: 'second rotation' },
    ],
  );
  log('the lease holder is killed');
  const leaseHolderKilled = await withFleet(
    { processes, stores: 'redis', options: { ttl: '1h', deadline }, timeout },
    killLeaseHolder,
  );
  log('Redis is killed and restarted');
  const redisOutage = await withFleet(
    { processes, stores: 'redis', options: { ttl: '2s', deadline }, timeout },
    async (fleet) => {
      await startCold(fleet);
      return killRedis(fleet, 20);
    },
  );
  const withRedis = [cold, rotation, secondRotation, leaseHolderKilled, redisOutage.during, redisOutage.after];
  const rows = [
    ...withoutStore.map((figures) => ({ ...figures, stores: 'none' })),
    ...withRedis.map((figures) => ({ ...figures, stores: 'redis' })),
  ];
  const p99 = [rotation, secondRotation].map(({ delays }) => quantile(delays, 0.99));
  const p99Text = p99.map((ms) => ms.toFixed(1)).join(' ms and ');
  const slowest = quantile(leaseHolderKilled.delays, 1);
  return {
    text: tableOf(processes, rows),
    results: { rows, redisOutage },
    checks: [
      {
        text: 'every process received the current version',
        passed: rows.every(({ event, updated }) => updated === processes - (event === leaseHolderKilled.event ? 1 : 0)),
      },
      { text: `a cold start of ${processes} processes sends one request to KMS`, passed: cold.requests === 1 },
      {
        text: 'a rotation causes one request to KMS',
        passed: rotation.requests === 1 && secondRotation.requests === 1,
      },
      {
        text: `a rotation reaches all processes within 50 ms of the first one (p99): ${p99Text} ms`,
        passed: Math.max(...p99) <= 50,
      },
      {
        text: `when the lease holder is killed, the others wait at most 3 s (the lease timeout of 2 s, and 1 s): ${slowest.toFixed(0)} ms`,
        passed: slowest <= leaseTimeout + 1_000,
      },
      {
        text: `${redisOutage.failed} of ${redisOutage.reads.toLocaleString('en-US')} reads failed while Redis was killed and restarted`,
        passed: redisOutage.failed === 0 && redisOutage.reads > 0,
      },
    ],
  };
}

/**
 * @param {number} processes
 * @param {readonly Row[]} rows
 */
function tableOf(processes, rows) {
  const header = [
    `${processes} processes`,
    'stores',
    'KMS requests',
    'store failures',
    'updated',
    'p50 ms',
    'p99 ms',
    'max ms',
  ];
  const lines = rows.map(({ event, stores, requests, storeFailures, updated, delays }) => [
    event,
    stores,
    `${requests}`,
    `${storeFailures}`,
    `${updated}`,
    ...[0.5, 0.99, 1].map((share) => quantile(delays, share).toFixed(1)),
  ]);
  return columns([header, ...lines], (column) => column > 1);
}
