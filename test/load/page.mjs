// @ts-check
// Writes the tables of docs/faults.md from the last results of `pnpm faults`:
// pnpm --filter @kms-secrets/load page "two cores of a laptop"
import { readFileSync, writeFileSync } from 'node:fs';
import { quantile } from './quantile.mjs';
import { readResults } from './results.mjs';

/** @typedef {import('./fault-run.mjs').FaultRun} FaultRun */
/** @typedef {import('./fleet.mjs').FleetFigures & { stores: string }} FleetRow */

const [machine = 'an unnamed machine'] = process.argv.slice(2);
/** @type {{ results: readonly FaultRun[] }} */
const table = readResults('table');
/** @type {{ results: readonly FaultRun[] }} */
const outage = readResults('outage');
/** @type {{ results: { rows: readonly FleetRow[]; redisOutage: { reads: number; failed: number } } }} */
const fleet = readResults('fleet');
const stores = [...new Set(table.results.map(({ configuration }) => configuration.stores))];

const page = new URL('../../docs/faults.md', import.meta.url);
const current = readFileSync(page, 'utf8');
const marker = '<!-- Measured by `pnpm faults`';
const prose = current.slice(0, current.indexOf(marker));
writeFileSync(page, `${prose}${[preamble(), ...faultSections(), ...outageSection(), ...fleetSection()].join('\n')}\n`);

function preamble() {
  const date = new Date().toISOString().slice(0, 10);
  return `${marker}, written by test/load/page.mjs. Do not edit below. -->

Measured on ${date}, on ${machine}.`;
}

/** One table for each number of endpoints and each place of the fault. */
function faultSections() {
  const byTarget = groupBy(table.results, ({ configuration: { endpoints, faultAt } }) =>
    targetText(endpoints, faultAt),
  );
  return [...byTarget].flatMap(([target, runs]) => [
    `\n## ${target}\n`,
    ...rows([
      [
        'fault',
        'reads',
        'failed',
        ...stores.map((name) => `p50 / p99 ms, ${name}`),
        `KMS requests`,
        'a new process reads',
      ],
      ...[...groupBy(runs, ({ fault }) => fault)].map(([fault, faultRuns]) => [
        fault,
        total(faultRuns, ({ figures }) => figures.reads),
        total(faultRuns, ({ figures }) => figures.failed),
        ...faultRuns.map(({ figures }) => `${ms(figures.latency.p50)} / ${ms(figures.latency.p99)}`),
        faultRuns.map(({ requests }) => requests).join(', '),
        coldStarts(faultRuns),
      ]),
    ]),
  ]);
}

function outageSection() {
  return [
    '\n## KMS unavailable for a minute, with two endpoints\n',
    ...rows([
      ['fault', 'stores', 'reads', 'failed', 'p50 / p99 ms', 'KMS requests', 'a new process reads', 'recovery, ms'],
      ...outage.results.map((run) => [
        run.fault,
        run.configuration.stores,
        total([run], ({ figures }) => figures.reads),
        total([run], ({ figures }) => figures.failed),
        `${ms(run.figures.latency.p50)} / ${ms(run.figures.latency.p99)}`,
        `${run.requests}`,
        coldStarts([run]),
        run.recoveredAfter?.toFixed(0) ?? 'never',
      ]),
    ]),
  ];
}

function fleetSection() {
  const { rows: fleetRows, redisOutage } = fleet.results;
  return [
    '\n## A fleet of 50 processes\n',
    ...rows([
      ['event', 'stores', 'KMS requests', 'updated', 'p50 / p99 ms'],
      ...fleetRows.map(({ event, stores: store, requests, updated, delays }) => [
        event,
        store,
        `${requests}`,
        `${updated}`,
        `${ms(quantile(delays, 0.5))} / ${ms(quantile(delays, 0.99))}`,
      ]),
    ]),
    `\nWhile Redis was killed and restarted, ${redisOutage.failed} of ${redisOutage.reads.toLocaleString('en-US')} reads failed.`,
  ];
}

/**
 * @param {number} endpoints
 * @param {string} faultAt
 */
function targetText(endpoints, faultAt) {
  if (endpoints === 1) return 'One endpoint';
  return `${endpoints === 2 ? 'Two' : 'Three'} endpoints, fault at ${faultAt === 'all' ? 'all' : 'the primary'}`;
}

/** One text if all stores have the same outcome, otherwise one for each store. @param {readonly FaultRun[]} runs */
function coldStarts(runs) {
  const outcomes = runs.map(({ coldStart }) =>
    Object.keys(coldStart?.counts ?? {})
      .toSorted()
      .join(', '),
  );
  return new Set(outcomes).size === 1
    ? (outcomes[0] ?? '')
    : runs.map(({ configuration }, index) => `${configuration.stores}: ${outcomes[index]}`).join('; ');
}

/**
 * @param {readonly FaultRun[]} runs
 * @param {(run: FaultRun) => number} count
 */
function total(runs, count) {
  return runs.reduce((sum, run) => sum + count(run), 0).toLocaleString('en-US');
}

/** @param {number} value */
function ms(value) {
  return value < 10 ? `${Number(value.toPrecision(2))}` : value.toFixed(0);
}

/** Formats a Markdown table. @param {readonly (readonly string[])[]} cells the first row is the header */
function rows([header = [], ...rest]) {
  return [header, header.map(() => '---'), ...rest].map((row) => `| ${row.join(' | ')} |`);
}

/**
 * `Map.groupBy` is not in Node 20.
 * @template Item
 * @param {readonly Item[]} items
 * @param {(item: Item) => string} keyOf
 */
function groupBy(items, keyOf) {
  /** @type {Map<string, Item[]>} */
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
