// @ts-check
// `npm test`: the gate and every test. `npm run test:long`: the tests that take minutes each.
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installMissing } from './system-packages.mjs';
import { runTests } from './test-run.mjs';
import { watchWorkingTree } from './working-tree.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const print = (/** @type {string} */ text) => process.stdout.write(text);
const prepare = [process.execPath, 'scripts/check.mjs', '--prepare'];
const gate = [process.execPath, 'scripts/check.mjs', '--beside-tests'];
/** @param {string} projects a pattern for the names of projects in vitest.config.ts */
const vitest = (projects) => [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--project', projects];

installMissing(print);
process.exitCode = await runTests({
  phases: process.argv.includes('--long') ? [[prepare], [vitest('long:*')]] : [[prepare], [gate, vitest('!long:*')]],
  finalChecks: [watchWorkingTree(root)],
  print,
  // Programs that write to a pipe print no colours by default.
  env: { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }) },
});
