// @ts-check
import { columns } from '../support/columns.mjs';
import { faults } from './fault-list.mjs';
import { openStage, runFault } from './fault-run.mjs';
import { storesBy } from './stores.mjs';

/** @typedef {import('./fault-run.mjs').Configuration} Configuration */
/** @typedef {import('./fault-run.mjs').FaultRun} FaultRun */

/** @type {readonly Pick<Configuration, 'endpoints' | 'struck'>[]} */
const struckEndpoints = [
  { endpoints: 1, struck: 'all' },
  { endpoints: 2, struck: 'first' },
  { endpoints: 2, struck: 'all' },
  { endpoints: 3, struck: 'first' },
  { endpoints: 3, struck: 'all' },
];

/** @type {import('./faults.mjs').Group} */
export async function faultTable({ say, seconds, rate, only }) {
  const chosen = faults.filter(({ name }) => only === undefined || name.includes(only));
  const choices = chosen.flatMap((fault) =>
    struckEndpoints.filter((struck) => fits(fault, struck)).map((struck) => ({ fault, struck })),
  );
  const runs = await forEachStores(async (stores, stage) => {
    /** @type {FaultRun[]} */
    const done = [];
    for (const { fault, struck } of choices) {
      if (struck === struckEndpoints[0] || fault.kind === 'refused') say(`${fault.name}, stores: ${stores}`);
      const configuration = { ...struck, stores };
      done.push(await runFault(stage, { fault, configuration, ms: seconds * 1_000, rate, restartDeadline: '2s' }));
    }
    return done;
  });
  return { text: tableOf(runs), results: runs, verdicts: verdictsOn(runs) };
}

/**
 * The same with each kind of stores, beside one another and each in processes of its own; returned as if they had taken turns.
 * @param {(stores: string, stage: Awaited<ReturnType<typeof openStage>>) => Promise<FaultRun[]>} play the same runs for each
 */
export async function forEachStores(play) {
  const played = await Promise.all(
    Object.keys(storesBy).map(async (stores) => {
      const stage = await openStage();
      try {
        return await play(stores, stage);
      } finally {
        await stage.close();
      }
    }),
  );
  return (played[0] ?? []).flatMap((_, index) => played.flatMap((runs) => runs[index] ?? []));
}

/**
 * KMS refuses wherever it is asked.
 * @param {import('./fault-list.mjs').Fault} fault
 * @param {Pick<Configuration, 'struck'>} configuration
 */
function fits({ kind }, { struck }) {
  return kind !== 'refused' || struck === 'all';
}

/** @param {readonly FaultRun[]} runs */
export function tableOf(runs) {
  const head = [
    'fault',
    'endpoints',
    'struck',
    'stores',
    'reads',
    'failed',
    'stale',
    'p50 ms',
    'p99 ms',
    'max ms',
    'KMS requests',
    'a new process gets',
  ];
  const lines = runs.map(({ fault, configuration: { endpoints, struck, stores }, figures, requests, restart }) => [
    fault,
    `${endpoints}`,
    struck,
    stores,
    ...[figures.reads, figures.failed, figures.stale].map((count) => count.toLocaleString('en-US')),
    ...[figures.latency.p50, figures.latency.p99, figures.latency.max].map(milliseconds),
    `${requests}`,
    restart === undefined ? '' : `${outcomesText(restart.counts)} in ${milliseconds(restart.ms)} ms`,
  ]);
  return columns([head, ...lines], (column) => column === 1 || (column > 3 && column < 11));
}

/** @param {readonly FaultRun[]} runs */
function verdictsOn(runs) {
  const refusals = new Map(faults.map(({ name, code }) => [name, code]));
  const failed = runs
    .filter(({ fault }) => refusals.get(fault) === undefined)
    .filter(({ figures }) => figures.failed > 0);
  const odd = runs.filter(({ fault, figures }) =>
    Object.keys(figures.codes).some((code) => code !== refusals.get(fault)),
  );
  return [
    {
      says: `${runs.length - failed.length} of ${runs.length} runs without a read that failed for anything but a refusal of KMS`,
      holds: failed.length === 0,
    },
    { says: 'every read that failed did so with the code of that refusal', holds: odd.length === 0 },
  ];
}

/** @param {number} ms */
function milliseconds(ms) {
  return ms.toLocaleString(
    'en-US',
    ms < 1 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: ms < 10 ? 1 : 0 },
  );
}

/** @param {Readonly<Record<string, number>>} counts */
function outcomesText(counts) {
  return Object.entries(counts)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');
}
