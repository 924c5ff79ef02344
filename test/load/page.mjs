// @ts-check
// docs/faults.md, from what `pnpm faults` has measured: `pnpm --filter @kms-secrets/load page "two cores of a laptop"`.
import { readFileSync, writeFileSync } from 'node:fs';
import { quantile } from './quantile.mjs';
import { readResults } from './results.mjs';

/** @typedef {import('./fault-run.mjs').FaultRun} FaultRun */
/** @typedef {import('./fleet.mjs').FleetFigures & { stores: string }} FleetLine */

const [machine = 'a machine that nobody has named'] = process.argv.slice(2);
/** @type {{ found: readonly FaultRun[] }} */
const table = readResults('table');
/** @type {{ found: readonly FaultRun[] }} */
const outage = readResults('outage');
/** @type {{ found: { lines: readonly FleetLine[]; outage: { reads: number; failed: number } } }} */
const fleet = readResults('fleet');
const stores = [...new Set(table.found.map(({ configuration }) => configuration.stores))];

const page = new URL('../../docs/faults.md', import.meta.url);
const before = readFileSync(page, 'utf8');
const mark = '<!-- Measured by `pnpm faults`';
const prose = before.slice(0, before.indexOf(mark));
writeFileSync(page, `${prose}${[head(), ...sections(), ...outageLines(), ...fleetLines()].join('\n')}\n`);

function head() {
  const date = new Date().toISOString().slice(0, 10);
  return `${mark}, written by test/load/page.mjs; a change made below is lost. -->

Measured on ${date}, on ${machine}.`;
}

/** One table for each number of endpoints and what was struck of them. */
function sections() {
  const byPlace = groupBy(table.found, ({ configuration: { endpoints, struck } }) => placeText(endpoints, struck));
  return [...byPlace].flatMap(([place, runs]) => [
    `\n## ${place}\n`,
    ...rows([
      [
        'fault',
        'reads',
        'failed',
        ...stores.map((name) => `p50 / p99 ms, ${name}`),
        `KMS requests`,
        'a new process gets',
      ],
      ...[...groupBy(runs, ({ fault }) => fault)].map(([fault, ofFault]) => [
        fault,
        total(ofFault, ({ figures }) => figures.reads),
        total(ofFault, ({ figures }) => figures.failed),
        ...ofFault.map(({ figures }) => `${ms(figures.latency.p50)} / ${ms(figures.latency.p99)}`),
        ofFault.map(({ requests }) => requests).join(', '),
        restarts(ofFault),
      ]),
    ]),
  ]);
}

function outageLines() {
  return [
    '\n## KMS away for a minute, with two endpoints\n',
    ...rows([
      [
        'fault',
        'stores',
        'reads',
        'failed',
        'p50 / p99 ms',
        'KMS requests',
        'a new process gets',
        'all fresh after it, ms',
      ],
      ...outage.found.map((run) => [
        run.fault,
        run.configuration.stores,
        total([run], ({ figures }) => figures.reads),
        total([run], ({ figures }) => figures.failed),
        `${ms(run.figures.latency.p50)} / ${ms(run.figures.latency.p99)}`,
        `${run.requests}`,
        restarts([run]),
        run.healedWithin?.toFixed(0) ?? 'never',
      ]),
    ]),
  ];
}

function fleetLines() {
  const { lines, outage: killed } = fleet.found;
  return [
    '\n## A fleet of 50 processes\n',
    ...rows([
      ['what', 'stores', 'KMS requests', 'have it', 'p50 / p99 ms'],
      ...lines.map(({ what, stores: shared, requests, have, spread }) => [
        what,
        shared,
        `${requests}`,
        `${have}`,
        `${ms(quantile(spread, 0.5))} / ${ms(quantile(spread, 0.99))}`,
      ]),
    ]),
    `\nWhile Redis was killed and started again, ${killed.failed} of ${killed.reads.toLocaleString('en-US')} reads failed.`,
  ];
}

/**
 * @param {number} endpoints
 * @param {string} struck
 */
function placeText(endpoints, struck) {
  if (endpoints === 1) return 'One endpoint';
  return `${endpoints === 2 ? 'Two' : 'Three'} endpoints, ${struck === 'all' ? 'all struck' : 'the first struck'}`;
}

/** The same with all stores is told once. @param {readonly FaultRun[]} runs */
function restarts(runs) {
  const outcomes = runs.map(({ restart }) =>
    Object.keys(restart?.counts ?? {})
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

/** @param {readonly (readonly string[])[]} cells the first row is the head */
function rows([first = [], ...rest]) {
  return [first, first.map(() => '---'), ...rest].map((row) => `| ${row.join(' | ')} |`);
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
