// @ts-check
// Runs a task of package.json (`npm test` is `node scripts/run.mjs test`) with nothing installed but Node and npm: npx
// fetches the pinned pnpm, pnpm installs the lockfile, then `task:<name>` runs.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
/** @type {{ packageManager: string; scripts: Record<string, string> }} */
const { packageManager: pnpm, scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));
const [task = '', ...options] = process.argv.slice(2);
if (scripts[`task:${task}`] === undefined) {
  const tasks = Object.keys(scripts).filter((name) => name.startsWith('task:'));
  console.error(`usage: node scripts/run.mjs <${tasks.map((name) => name.slice('task:'.length)).join(' | ')}>`);
  process.exit(2);
}

/** @param {string} text */
const progress = (text) => `node scripts/progress.mjs '${text}'`;
const steps = [
  progress(`installing pnpm-lock.yaml with ${pnpm}`),
  // Frozen: otherwise pnpm updates a stale lockfile, and the checks judge a lockfile that is not committed.
  'pnpm install --frozen-lockfile --prefer-offline',
  progress(`running ${task}`),
  // Silent: otherwise pnpm prints a line of its own after the last line of a failing task.
  ['pnpm --silent run', `task:${task}`, ...options.map(quote)].join(' '),
];
console.log(`[0.0 s] fetching ${pnpm} with npx`);
// One npx call for all steps: it puts pnpm on PATH, where turbo looks for it. `--prefer-offline`: a repeated run sends no
// request to the registry; without it, npx retries for more than a minute when there is no network.
const { status, error } = spawnSync(
  'npx',
  ['--yes', '--prefer-offline', '--package', pnpm, '--call', steps.join(' && ')],
  {
    cwd: root,
    env: {
      ...process.env,
      RUN_STARTED_AT: String(Date.now()),
      TURBO_TELEMETRY_DISABLED: '1',
      ...(process.stdout.isTTY || process.env['FORCE_COLOR'] ? {} : { NO_COLOR: '1' }), // no colour codes in a log file
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  },
);
if (error) console.error(`npx did not start: ${error.message}. Install npm, which contains npx.`);
process.exitCode = status ?? 1;

/**
 * Quotes a text as one word for a POSIX shell.
 * @param {string} text
 */
function quote(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
