// @ts-check
// Measures @kms-secrets as it is built, beside its peers and the limits of the machine; see README.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { throughAdapters } from './adapters/through-adapters.mjs';
import { crowd } from './crowd/crowd.mjs';
import { hit } from './hit/hit.mjs';
import { memory } from './memory/memory.mjs';
import { miss } from './miss/miss.mjs';
import { stopAll } from '../support/processes.mjs';
import { table } from './report.mjs';
import { start } from './start/start.mjs';
import { stores } from './stores/stores.mjs';

/** @typedef {(choice: { isQuick: boolean; say: (progress: string) => void }) => Promise<import('./report.mjs').Row[]>} Group */

/** @type {ReadonlyMap<string, Group>} */
const groups = new Map(Object.entries({ hit, memory, crowd, start, miss, stores, adapters: throughAdapters }));
const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } } });
const chosen = values.only?.split(',') ?? [...groups.keys()];
const unknown = chosen.filter((name) => !groups.has(name));
if (unknown.length > 0) {
  console.error(`--only takes ${[...groups.keys()].join(', ')}; not ${unknown.join(', ')}.`);
  process.exit(2);
}

const begun = performance.now();
const say = (/** @type {string} */ progress) =>
  console.log(`${((performance.now() - begun) / 1_000).toFixed(0).padStart(4)} s  ${progress}`);
/** @type {import('./report.mjs').Row[]} */
const rows = [];
for (const name of chosen) {
  try {
    const found =
      (await groups.get(name)?.({ isQuick: values.quick, say: (progress) => say(`${name}: ${progress}`) })) ?? [];
    console.log(`\n${table(found)}\n`);
    rows.push(...found);
  } catch (error) {
    // The other groups are worth having all the same.
    console.log(`\n${name} could not be measured.`, error);
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
  // A target in `x` is one for the ratio, any other for our own figure.
  say(`missed: ${row}: ${target?.includes(' x') ? ratio : ours}, wanted ${target}`);
}
const met = rows.filter((row) => row.met === true).length;
say(`${met} targets met, ${missed.length} missed; all rows are in test/bench/out/results.json`);
if (values.quick) say('A quick run shows that the bench works; its figures mean little.');
