// @ts-check
// Measures the built packages against other caches and against lower bounds of the machine; see README.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { throughAdapters } from './adapters/through-adapters.mjs';
import { databases } from './databases/databases.mjs';
import { growth } from './growth/growth.mjs';
import { hit } from './hit/hit.mjs';
import { memory } from './memory/memory.mjs';
import { miss } from './miss/miss.mjs';
import { official } from './official/official.mjs';
import { stampede } from './stampede/stampede.mjs';
import { stopAll } from '../support/processes.mjs';
import { table } from './report.mjs';
import { start } from './start/start.mjs';
import { stores } from './stores/stores.mjs';

/** @typedef {(options: { isQuick: boolean; log: (progress: string) => void }) => Promise<import('./report.mjs').Row[]>} Group */

/** @type {ReadonlyMap<string, Group>} */
const groups = new Map(
  Object.entries({
    hit,
    memory,
    growth,
    stampede,
    start,
    miss,
    stores,
    adapters: throughAdapters,
    databases,
    official,
  }),
);
/** Needs other runtimes, and runs on request only. */
const optional = 'official';
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    [optional]: { type: 'boolean', default: false },
  },
});
const selected =
  values.only?.split(',') ?? (values.official ? [optional] : [...groups.keys()].filter((name) => name !== optional));
const unknown = selected.filter((name) => !groups.has(name));
if (unknown.length > 0) {
  console.error(`--only: expected one or more of ${[...groups.keys()].join(', ')}, got ${unknown.join(', ')}.`);
  process.exit(2);
}

const startedAt = performance.now();
const log = (/** @type {string} */ progress) =>
  console.log(`${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s  ${progress}`);
/** @type {import('./report.mjs').Row[]} */
const rows = [];
for (const name of selected) {
  try {
    const groupRows =
      (await groups.get(name)?.({ isQuick: values.quick, log: (progress) => log(`${name}: ${progress}`) })) ?? [];
    if (groupRows.length > 0) console.log(`\n${table(groupRows)}\n`);
    rows.push(...groupRows);
  } catch (error) {
    // Continue with the other groups.
    console.log(`\nThe group ${name} could not be measured.`, error);
    process.exitCode = 1;
  } finally {
    await stopAll();
  }
}

const out = new URL('out/', import.meta.url);
mkdirSync(out, { recursive: true });
writeFileSync(new URL('results.json', out), `${JSON.stringify(rows, undefined, 2)}\n`);
const missed = rows.filter(({ met }) => met === false);
for (const { row, ours, ratio, target } of missed) {
  // A target with an `x` limits the ratio, any other target limits our own figure.
  log(`missed: ${row}: ${target?.includes(' x') ? ratio : ours}, target ${target}`);
}
const met = rows.filter((row) => row.met === true).length;
log(`${met} targets met, ${missed.length} missed; all rows are in test/bench/out/results.json`);
if (values.quick) log('A quick run shows that the bench works; its figures are not meaningful.');
