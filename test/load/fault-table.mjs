// @ts-check
import { columns } from '../support/columns.mjs';
import { faults } from './fault-list.mjs';
import { openFixture, runFault } from './fault-run.mjs';
import { storeOptions } from './stores.mjs';

/** @typedef {import('./fault-run.mjs').Configuration} Configuration */
/** @typedef {import('./fault-run.mjs').FaultRun} FaultRun */

/** @type {readonly Pick<Configuration, 'endpoints' | 'faultAt'>[]} */
const targets = [
  { endpoints: 1, faultAt: 'all' },
  { endpoints: 2, faultAt: 'primary' },
  { endpoints: 2, faultAt: 'all' },
  { endpoints: 3, faultAt: 'primary' },
  { endpoints: 3, faultAt: 'all' },
];

/** @type {import('./faults.mjs').Group} */
export async function faultTable({ log, seconds, rate, only }) {
  const selected = faults.filter(({ name }) => only === undefined || name.includes(only));
  const combinations = selected.flatMap((fault) =>
    targets.filter((target) => applies(fault, target)).map((target) => ({ fault, target })),
  );
  const runs = await withEachStore(async (stores, fixture) => {
    /** @type {FaultRun[]} */
    const done = [];
    for (const { fault, target } of combinations) {
      if (target === targets[0] || fault.kind === 'refused') log(`${fault.name}, stores: ${stores}`);
      const configuration = { ...target, stores };
      done.push(await runFault(fixture, { fault, configuration, ms: seconds * 1_000, rate, coldStartDeadline: '2s' }));
    }
    return done;
  });
  return { text: tableOf(runs), results: runs, checks: checksOf(runs) };
}

/**
 * Takes the same measurements with each kind of store, concurrently and in separate processes. The results are ordered by
 * measurement, then by store.
 * @param {(stores: string, fixture: Awaited<ReturnType<typeof openFixture>>) => Promise<FaultRun[]>} measure
 */
export async function withEachStore(measure) {
  const byStore = await Promise.all(
    Object.keys(storeOptions).map(async (stores) => {
      const fixture = await openFixture();
      try {
        return await measure(stores, fixture);
      } finally {
        await fixture.close();
      }
    }),
  );
  return (byStore[0] ?? []).flatMap((_, index) => byStore.flatMap((runs) => runs[index] ?? []));
}

/**
 * A refusal applies to every endpoint, so it cannot be injected at the primary only.
 * @param {import('./fault-list.mjs').Fault} fault
 * @param {Pick<Configuration, 'faultAt'>} configuration
 */
function applies({ kind }, { faultAt }) {
  return kind !== 'refused' || faultAt === 'all';
}

/** @param {readonly FaultRun[]} runs */
export function tableOf(runs) {
  const header = [
    'fault',
    'endpoints',
    'fault at',
    'stores',
    'reads',
    'failed',
    'stale',
    'p50 ms',
    'p99 ms',
    'max ms',
    'KMS requests',
    'a new process reads',
  ];
  const rows = runs.map(({ fault, configuration: { endpoints, faultAt, stores }, figures, requests, coldStart }) => [
    fault,
    `${endpoints}`,
    faultAt,
    stores,
    ...[figures.reads, figures.failed, figures.stale].map((count) => count.toLocaleString('en-US')),
    ...[figures.latency.p50, figures.latency.p99, figures.latency.max].map(formatMs),
    `${requests}`,
    coldStart === undefined ? '' : `${formatCounts(coldStart.counts)} in ${formatMs(coldStart.ms)} ms`,
  ]);
  return columns([header, ...rows], (column) => column === 1 || (column > 3 && column < 11));
}

/** @param {readonly FaultRun[]} runs */
function checksOf(runs) {
  const refusalCodes = new Map(faults.map(({ name, code }) => [name, code]));
  const failed = runs
    .filter(({ fault }) => refusalCodes.get(fault) === undefined)
    .filter(({ figures }) => figures.failed > 0);
  const unexpected = runs.filter(({ fault, figures }) =>
    Object.keys(figures.codes).some((code) => code !== refusalCodes.get(fault)),
  );
  return [
    {
      text: `${runs.length - failed.length} of ${runs.length} runs had no failed read, except refusals of KMS`,
      passed: failed.length === 0,
    },
    { text: 'every failed read has the error code of the refusal', passed: unexpected.length === 0 },
  ];
}

/** @param {number} ms */
function formatMs(ms) {
  return ms.toLocaleString(
    'en-US',
    ms < 1 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: ms < 10 ? 1 : 0 },
  );
}

/** @param {Readonly<Record<string, number>>} counts */
function formatCounts(counts) {
  return Object.entries(counts)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');
}
