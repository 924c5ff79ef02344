// @ts-check
// The gate: everything that is checked without running the product. Each step prints one line; a failing step also prints
// its output. A failure stops no other step. The last line counts the steps.
//
// `npm test` runs its parts: `--packages` and `--next-web` build what tests read, and `--beside-tests` is the rest without what
// is a test.
import { spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closingLine } from './test-run.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const [mode] = process.argv.slice(2);

/** @typedef {{ name: string; run: [string, ...string[]] }} Step */
const nextWeb = '@kms-secrets/next-web';
/** @type {Step} The other steps and the tests read the output. */
const packages = { name: 'build', run: ['turbo', 'run', 'build', `--filter=!${nextWeb}`] };
/** @type {Step} Only tests read the output. */
const nextBuild = { name: 'build of apps/next-web', run: ['turbo', 'run', 'build', `--filter=${nextWeb}`] };
/** @type {Step[]} The slowest first. */
const judgement = [
  { name: 'types of tests and scripts', run: ['tsc', '-b'] },
  { name: 'release: dry run, with publint, attw, sizes, licenses', run: ['node', 'scripts/release.mjs', '--dry-run'] },
  { name: 'lint: oxlint, with the import rules', run: ['oxlint'] },
  { name: 'unused code: knip', run: ['knip'] },
  { name: 'format: oxfmt', run: ['oxfmt', '--check'] },
  { name: 'generated docs', run: ['node', 'scripts/generated-docs.mjs', '--check'] },
  { name: 'workspace: sherif', run: ['sherif', '--ignore-rule', 'packages-without-package-json'] },
];
/** @type {Step} */
const exportsTest = {
  name: 'recorded exports and API',
  run: ['vitest', 'run', '--project', 'package', 'exports.test.ts', 'api.test.ts'],
};

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
    /** @param {boolean} passed */
    const end = (passed) => {
      const seconds = ((Date.now() - started) / 1_000).toFixed(1).padStart(5);
      console.log(`${passed ? 'ok  ' : 'FAIL'}  ${seconds} s  ${name}`);
      if (!passed) console.log(`\n$ ${[command, ...args].join(' ')}\n${Buffer.concat(output).toString()}`);
      done(passed);
    };
    child.on('error', (error) => {
      output.push(Buffer.from(error.message));
      end(false);
    });
    child.on('close', (code) => end(code === 0));
  });
}

/**
 * @param {readonly Step[]} steps
 * @param {number} concurrency
 */
async function checkAll(steps, concurrency) {
  const waiting = [...steps];
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let step = waiting.shift(); step; step = waiting.shift()) {
        if (await check(step)) passed += 1;
        else failed += 1;
      }
    }),
  );
}

let passed = 0;
let failed = 0;
const isWhole = mode === undefined;
if (isWhole || mode === '--packages') await checkAll([packages], 1);
if (mode === '--next-web') await checkAll([nextBuild], 1);
if (mode === '--beside-tests') await checkAll(judgement, 1);
if (isWhole) await checkAll([nextBuild, ...judgement, exportsTest], 2);
console.log(closingLine({ passed, failed, skipped: 0 }));
process.exitCode = failed === 0 ? 0 : 1;
