// @ts-check
// What faults of KMS do to reads, as they happen to services: processes, sockets and real time; see README.md.
import { stopAll } from '../support/processes.mjs';
import { commandLine } from './command-line.mjs';
import { faultTable } from './fault-table.mjs';
import { fleetTable } from './fleet-table.mjs';
import { outage } from './outage.mjs';
import { keepResults } from './results.mjs';

/**
 * @typedef {{ says: string; holds: boolean }} Verdict
 * @typedef {{ text: string; results: unknown; verdicts: readonly Verdict[] }} Told
 * @typedef {object} Choice
 * @property {(progress: string) => void} say
 * @property {number} seconds of each fault
 * @property {number} outage-seconds
 * @property {number} rate reads a second
 * @property {number} processes of the fleet
 * @property {string} [only] faults whose name has this in it
 * @typedef {(choice: Choice) => Promise<Told>} Group
 */

/** @type {ReadonlyMap<string, Group>} */
const groups = new Map(Object.entries({ table: faultTable, outage, fleet: fleetTable }));
const { group, ...choice } = commandLine(
  {
    seconds: { usual: 2, most: 60 },
    'outage-seconds': { usual: 60, most: 600 },
    rate: { usual: 1_000, most: 10_000 },
    processes: { usual: 50, most: 100 },
  },
  ['group', 'only'],
);
const chosen = group?.split(',') ?? [...groups.keys()];
const unknown = chosen.filter((name) => !groups.has(name));
if (unknown.length > 0) {
  console.error(`--group takes ${[...groups.keys()].join(', ')}; not ${unknown.join(', ')}.`);
  process.exit(2);
}
const say = (/** @type {string} */ progress) =>
  console.log(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${progress}`);

for (const [name, measure] of groups) {
  if (!chosen.includes(name)) continue;
  try {
    const { text, results: found, verdicts } = await measure({ ...choice, say });
    console.log(`\n${text}\n`);
    for (const { says, holds } of verdicts) console.log(`${holds ? 'holds' : 'FAILS'}: ${says}`);
    console.log('');
    keepResults(name, { found, verdicts });
    if (verdicts.some(({ holds }) => !holds)) process.exitCode = 1;
  } finally {
    await stopAll();
  }
}
say('all figures are in test/load/out');
