// @ts-check
// A soak test: ten minutes (or --seconds) of reads while KMS has one incident after the other; see README.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stopAll } from '../support/processes.mjs';
import { commandLine } from './command-line.mjs';
import { renderChart } from './soak/chart.mjs';
import { checksOf } from './soak/checks.mjs';
import { soak } from './soak/soak.mjs';
import { storeOptions } from './stores.mjs';

const { stores = 'file', ...options } = commandLine(
  {
    seconds: { default: 600, max: 3_600 },
    rate: { default: 1_000, max: 10_000 },
    seed: { default: 1, max: 2 ** 32 - 1 },
  },
  ['stores'],
);
if (!(stores in storeOptions)) {
  console.error(`--stores: expected one of ${Object.keys(storeOptions).join(', ')}, got ${stores}.`);
  process.exit(2);
}
const log = (/** @type {string} */ progress) =>
  console.log(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${progress}`);
try {
  const run = await soak({ ...options, stores, log });
  const checks = checksOf(run);
  for (const { text, passed } of checks) console.log(`${passed ? 'pass' : 'FAIL'}: ${text}`);
  const out = new URL('out/', import.meta.url);
  mkdirSync(out, { recursive: true });
  writeFileSync(new URL('soak.svg', out), renderChart(run));
  writeFileSync(new URL('soak.json', out), `${JSON.stringify({ ...run, checks }, undefined, 2)}\n`);
  log(`The chart is in ${fileURLToPath(new URL('soak.svg', out))}.`);
  if (checks.some(({ passed }) => !passed)) process.exitCode = 1;
} finally {
  await stopAll();
}
