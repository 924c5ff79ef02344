// @ts-check
// The gate: everything that is judged without running the product. One line a step; what a failing step printed stands
// below its line; every failure is shown, not only the first. The last line says how many steps passed.
import { spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** @typedef {{ name: string; run: [string, ...string[]] }} Step */
/** @type {Step} The others read its declarations (a linter that knows types, too), so nothing starts before it ends. */
const build = { name: 'build', run: ['turbo', 'run', 'build'] };
/** @type {Step[]} The long ones first: two run at a time. */
const steps = [
  { name: 'tarballs: publint, attw', run: ['node', 'scripts/tarballs.mjs'] },
  { name: 'types of tests and scripts', run: ['tsc', '-b'] },
  { name: 'lint: oxlint, with the import rules', run: ['oxlint'] },
  { name: 'exports are the recorded ones', run: ['vitest', 'run', '--project', 'package', 'exports.test.ts'] },
  { name: 'nothing unused: knip', run: ['knip'] },
  { name: 'format: oxfmt', run: ['oxfmt', '--check'] },
  { name: 'generated docs are up to date', run: ['node', 'scripts/generated-docs.mjs', '--check'] },
  { name: 'workspace: sherif', run: ['sherif', '--ignore-rule', 'packages-without-package-json'] },
];
const atOnce = 2;

/**
 * @param {Step} step
 * @returns {Promise<boolean>} whether it passed
 */
function check({ name, run: [command, ...args] }) {
  const started = Date.now();
  return new Promise((done) => {
    /** @type {Buffer[]} */
    const output = [];
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, PATH: `${resolve(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    /** @param {string} verdict */
    const end = (verdict) => {
      console.log(`${verdict}  ${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s  ${name}`);
      if (verdict === 'FAIL') console.log(`\n$ ${[command, ...args].join(' ')}\n${Buffer.concat(output).toString()}`);
      done(verdict !== 'FAIL');
    };
    child.on('error', (error) => {
      output.push(Buffer.from(error.message));
      end('FAIL');
    });
    child.on('close', (code) => end(code === 0 ? 'ok  ' : 'FAIL'));
  });
}

// `npm test` runs every test after this: what is itself a test is left to it.
const waiting = process.argv.includes('--before-tests')
  ? steps.filter(({ run: [tool] }) => tool !== 'vitest')
  : [...steps];
const verdicts = [await check(build)];
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) verdicts.push(await check(step));
  }),
);
const failed = verdicts.filter((passed) => !passed).length;
console.log(
  failed === 0 ? `check: all ${verdicts.length} steps passed` : `check: ${failed} of ${verdicts.length} steps failed`,
);
process.exitCode = failed === 0 ? 0 : 1;
