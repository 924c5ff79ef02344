// @ts-check
import { columns } from '../support/columns.mjs';
import { killHolder, killRedis, rotate, startCold, withFleet } from './fleet.mjs';
import { quantile } from './quantile.mjs';

/** @typedef {import('./fleet.mjs').FleetFigures & { stores: string }} Line */

/** A reader waits for the lease holder this long before it fetches itself: `leaseTimeout` in store-tier.ts. */
const patience = 2_000;
const within = 30_000;
/** How long it takes is what is measured: on a machine that is busy enough it takes longer than a read usually may. */
const deadline = '1m';

/** @type {import('./faults.mjs').Group} */
export async function fleetTable({ say, processes }) {
  say(`a fleet of ${processes} processes`);
  const alone = await withFleet(
    { processes, stores: 'none', options: { ttl: '1s', deadline }, within },
    async (fleet) => [await startCold(fleet), await rotate(fleet)],
  );
  say('the same with Redis');
  const [cold, rotated, again] = await withFleet(
    { processes, stores: 'redis', options: { ttl: '1h', deadline }, within },
    async (fleet) => [
      await startCold(fleet),
      await rotate(fleet),
      // What a process does for the first time costs it most of what a rotation costs.
      { ...(await rotate(fleet)), what: 'another rotation' },
    ],
  );
  say('who asks KMS is killed');
  const orphaned = await withFleet(
    { processes, stores: 'redis', options: { ttl: '1h', deadline }, within },
    killHolder,
  );
  say('Redis is killed, and started again');
  const outage = await withFleet(
    { processes, stores: 'redis', options: { ttl: '2s', deadline }, within },
    async (fleet) => {
      await startCold(fleet);
      return killRedis(fleet, 20);
    },
  );
  const shared = [cold, rotated, again, orphaned, outage.figures, outage.healed];
  const lines = [
    ...alone.map((figures) => ({ ...figures, stores: 'none' })),
    ...shared.map((figures) => ({ ...figures, stores: 'redis' })),
  ];
  const p99 = [rotated, again].map(({ spread }) => quantile(spread, 0.99));
  const spreads = p99.map((ms) => ms.toFixed(1)).join(', and another one ');
  const latest = quantile(orphaned.spread, 1);
  return {
    text: tableOf(processes, lines),
    results: { lines, outage },
    verdicts: [
      {
        says: 'every process had what there was to have',
        holds: lines.every(({ what, have }) => have === processes - (what === orphaned.what ? 1 : 0)),
      },
      { says: `${processes} processes that start cold ask KMS once`, holds: cold.requests === 1 },
      { says: 'a rotation is asked for once', holds: rotated.requests === 1 && again.requests === 1 },
      {
        says: `it is everywhere ${spreads} ms (p99) after the first one had it: within 50 ms`,
        holds: Math.max(...p99) <= 50,
      },
      {
        says: `one that is killed while it asks KMS holds up the others for ${latest.toFixed(0)} ms: two seconds for the lease, and a second at the most`,
        holds: latest <= patience + 1_000,
      },
      {
        says: `${outage.failed} of ${outage.reads.toLocaleString('en-US')} reads failed while Redis was killed and started again`,
        holds: outage.failed === 0 && outage.reads > 0,
      },
    ],
  };
}

/**
 * @param {number} processes
 * @param {readonly Line[]} lines
 */
function tableOf(processes, lines) {
  const head = [
    `${processes} processes`,
    'stores',
    'KMS requests',
    'store failures',
    'have it',
    'p50 ms',
    'p99 ms',
    'max ms',
  ];
  const rows = lines.map(({ what, stores, requests, storeFailures, have, spread }) => [
    what,
    stores,
    `${requests}`,
    `${storeFailures}`,
    `${have}`,
    ...[0.5, 0.99, 1].map((share) => quantile(spread, share).toFixed(1)),
  ]);
  return columns([head, ...rows], (column) => column > 1);
}
