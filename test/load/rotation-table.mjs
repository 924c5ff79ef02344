// @ts-check
// Prints how many queries fail in three rotations, with the pools of @kms-secrets/databases and with what services use without them.
import { setTimeout as sleep } from 'node:timers/promises';
import { stopAll } from '../support/processes.mjs';
import { commandLine } from './command-line.mjs';
import { writeResults } from './results.mjs';
import { Fleet } from './rotation/fleet.mjs';
import { pools } from './rotation/pools.mjs';

/** @typedef {{ pool: string; single: import('./rotation/fleet.mjs').FleetResult; double: import('./rotation/fleet.mjs').FleetResult }} Row */

const { rate, rotations, interval, only } = commandLine(
  {
    rate: { default: 500, max: 2_000 },
    rotations: { default: 3, max: 50 },
    interval: { default: 2_000, max: 60_000 },
  },
  ['only'],
);
/** @type {Row[]} */
const rows = [];
try {
  for (const pool of Object.keys(pools).filter(isSelected)) {
    const single = await rotate({ pool, mode: 'SingleUser', gap: 300 });
    const double = await rotate({ pool, mode: 'DoubleUsers', gap: 0 });
    console.error(`${pool}: ${single.failed} and ${double.failed} queries failed ${single.message ?? ''}`);
    rows.push({ pool, single, double });
  }
} finally {
  await stopAll();
}
writeResults('rotation', rows);
console.log(table(rows));

/** `--only` is a list of parts of names, with `|` between them. @param {string} name */
function isSelected(name) {
  return only === undefined || only.split('|').some((part) => name.includes(part));
}

/** @param {import('./rotation/fleet.mjs').FleetTask} task */
async function rotate(task) {
  const fleet = await Fleet.open({ ...task, rate });
  try {
    for (let rotation = 0; rotation < rotations; rotation += 1) {
      await fleet.change();
      await sleep(interval);
    }
    return await fleet.result();
  } finally {
    await fleet.close();
  }
}

/** @param {readonly Row[]} results */
function table(results) {
  const header = [
    '| pool | one account, 300 ms between database and KMS | KMS requests | two accounts | KMS requests |',
    '| --- | --: | --: | --: | --: |',
  ];
  const lines = results.map(
    ({ pool, single, double }) =>
      `| ${pool} | ${failures(single)} | ${single.requests} | ${failures(double)} | ${double.requests} |`,
  );
  return [...header, ...lines].join('\n');
}

/** @param {import('./rotation/fleet.mjs').FleetResult} result */
function failures({ failed, succeeded }) {
  const count = (/** @type {number} */ value) => value.toLocaleString('en-US');
  return `${failed === 0 ? '**0**' : count(failed)} of ${count(failed + succeeded)}`;
}
