// @ts-check
// `npm test`: the gate and every test. `npm run test:long`: the tests that take minutes each.
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installMissing } from './system-packages.mjs';
import { runTests } from './test-run.mjs';
import { watchWorkingTree } from './working-tree.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const print = (/** @type {string} */ text) => process.stdout.write(text);
const check = (/** @type {string} */ part) => [process.execPath, 'scripts/check.mjs', part];
const packages = check('--packages');
const nextWeb = check('--next-web');
const gate = check('--beside-tests');
/** @param {string} projects a pattern for the names of projects in vitest.config.ts */
const vitest = (projects) => [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--project', projects];

installMissing(print);
process.exitCode = await runTests({
  phases: process.argv.includes('--long')
    ? [[[packages, nextWeb, vitest('long:*')]]]
    : [[[packages]], [[gate], [nextWeb, vitest('!long:*')]]], // `next build` leaves half of the machine to the gate
  finalChecks: [watchWorkingTree(root)],
  print,
  // Programs that write to a pipe print no colours by default.
  env: { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }) },
});
