// @ts-check
// Measures what faults of KMS do to the reads of a service, with real processes, sockets and time; see README.md.
import { stopAll } from '../support/processes.mjs';
import { commandLine } from './command-line.mjs';
import { faultTable } from './fault-table.mjs';
import { fleetTable } from './fleet-table.mjs';
import { outage } from './outage.mjs';
import { writeResults } from './results.mjs';

/**
 * A statement about the figures, and whether it is true.
 * @typedef {{ text: string; passed: boolean }} Check
 * @typedef {{ text: string; results: unknown; checks: readonly Check[] }} GroupResult
 * @typedef {object} GroupOptions
 * @property {(progress: string) => void} log
 * @property {number} seconds of each fault
 * @property {number} outage-seconds
 * @property {number} rate reads a second
 * @property {number} processes of the fleet
 * @property {string} [only] run only faults whose name contains this
 * @typedef {(options: GroupOptions) => Promise<GroupResult>} Group
 */

/** @type {ReadonlyMap<string, Group>} */
const groups = new Map(Object.entries({ table: faultTable, outage, fleet: fleetTable }));
const { group, ...options } = commandLine(
  {
    seconds: { default: 2, max: 60 },
    'outage-seconds': { default: 60, max: 600 },
    rate: { default: 1_000, max: 10_000 },
    processes: { default: 50, max: 100 },
  },
  ['group', 'only'],
);
const selected = group?.split(',') ?? [...groups.keys()];
const unknown = selected.filter((name) => !groups.has(name));
if (unknown.length > 0) {
  console.error(`--group: expected one or more of ${[...groups.keys()].join(', ')}, got ${unknown.join(', ')}.`);
  process.exit(2);
}
const log = (/** @type {string} */ progress) =>
  console.log(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${progress}`);

for (const [name, measure] of groups) {
  if (!selected.includes(name)) continue;
  try {
    const { text, results, checks } = await measure({ ...options, log });
    console.log(`\n${text}\n`);
    for (const check of checks) console.log(`${check.passed ? 'pass' : 'FAIL'}: ${check.text}`);
    console.log('');
    writeResults(name, { results, checks });
    if (checks.some(({ passed }) => !passed)) process.exitCode = 1;
  } finally {
    await stopAll();
  }
}
log('All figures are in test/load/out.');
