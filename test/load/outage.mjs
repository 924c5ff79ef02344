// @ts-check
import { faults } from './fault-list.mjs';
import { names, runFault } from './fault-run.mjs';
import { forEachStores, tableOf } from './fault-table.mjs';

/** KMS is away for a minute, in two ways: nobody listens, and nobody answers. @type {import('./faults.mjs').Group} */
export async function outage({ say, 'outage-seconds': seconds, rate }) {
  say(`KMS away for ${seconds} s`);
  const away = faults.filter(({ name }) => name === 'port closed' || name === 'no answer');
  const runs = await forEachStores(async (stores, stage) => {
    /** @type {import('./fault-run.mjs').FaultRun[]} */
    const done = [];
    for (const fault of away) {
      /** @type {import('./fault-run.mjs').Configuration} */
      const configuration = { endpoints: 2, struck: 'all', stores };
      done.push(
        await runFault(stage, { fault, configuration, ms: seconds * 1_000, rate, restartDeadline: '2s', heals: true }),
      );
    }
    return done;
  });
  const healed = runs.map(
    ({ fault, configuration: { stores }, healedWithin }) =>
      `${fault}, stores: ${stores}: all fresh ${healedWithin?.toFixed(0)} ms after it was over`,
  );
  return {
    text: [tableOf(runs), ...healed].join('\n'),
    results: runs,
    verdicts: [
      { says: 'no read failed', holds: runs.every(({ figures }) => figures.failed === 0) },
      {
        says: 'p99 of a read under 1 ms where connections are refused',
        holds: runs.every(({ fault, figures }) => fault !== 'port closed' || figures.latency.p99 < 1),
      },
      {
        // `staleDeadline`: that long a reader waits, once, for an endpoint that says nothing.
        says: 'no read waits longer than a second where nobody answers',
        holds: runs.every(({ figures }) => figures.latency.max < 1_100),
      },
      {
        says: 'a process that starts meanwhile has the secrets of a store',
        holds: runs.every(
          ({ configuration: { stores }, restart }) => stores === 'none' || restart?.counts['stale'] === names.length,
        ),
      },
      { says: 'all was fresh again afterwards', holds: runs.every(({ healedWithin }) => healedWithin !== undefined) },
    ],
  };
}
