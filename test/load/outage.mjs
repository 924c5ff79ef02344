// @ts-check
import { faults } from './fault-list.mjs';
import { names, runFault } from './fault-run.mjs';
import { tableOf, withEachStore } from './fault-table.mjs';

/** KMS is unavailable for a minute, in two ways: connections are refused, or requests hang. @type {import('./faults.mjs').Group} */
export async function outage({ log, 'outage-seconds': seconds, rate }) {
  log(`KMS unavailable for ${seconds} s`);
  const selected = faults.filter(({ name }) => name === 'port closed' || name === 'no response');
  const runs = await withEachStore(async (stores, fixture) => {
    /** @type {import('./fault-run.mjs').FaultRun[]} */
    const done = [];
    for (const fault of selected) {
      /** @type {import('./fault-run.mjs').Configuration} */
      const configuration = { endpoints: 2, faultAt: 'all', stores };
      const options = { ms: seconds * 1_000, rate, coldStartDeadline: '2s', waitForRecovery: true };
      done.push(await runFault(fixture, { fault, configuration, ...options }));
    }
    return done;
  });
  const recoveries = runs.map(
    ({ fault, configuration: { stores }, recoveredAfter }) =>
      `${fault}, stores: ${stores}: every secret fresh ${recoveredAfter?.toFixed(0)} ms after the outage`,
  );
  return {
    text: [tableOf(runs), ...recoveries].join('\n'),
    results: runs,
    checks: [
      { text: 'no read failed', passed: runs.every(({ figures }) => figures.failed === 0) },
      {
        text: 'while connections are refused, the p99 of a read is below 1 ms',
        passed: runs.every(({ fault, figures }) => fault !== 'port closed' || figures.latency.p99 < 1),
      },
      {
        // A read waits for an endpoint that hangs for `staleDeadline`, once.
        text: 'while requests hang, no read takes longer than 1 s',
        passed: runs.every(({ figures }) => figures.latency.max < 1_100),
      },
      {
        text: 'a process that starts during the outage reads the secrets from a store',
        passed: runs.every(
          ({ configuration: { stores }, coldStart }) =>
            stores === 'none' || coldStart?.counts['stale'] === names.length,
        ),
      },
      {
        text: 'every secret is fresh again after the outage',
        passed: runs.every(({ recoveredAfter }) => recoveredAfter !== undefined),
      },
    ],
  };
}
