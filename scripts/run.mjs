// @ts-check
// Runs `npm test`, `npm run check`, `npm run demo`, `npm run bench`, `npm run faults` and `npm run soak`. Needs only Node and npm: npx
// downloads the pnpm that package.json pins, pnpm installs the lockfile, then `task:<name>` of package.json runs.
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

/** @param {string} step */
const say = (step) => `node scripts/say.mjs '${step}'`;
const steps = [
  say(`${pnpm} is installed; installing the dependencies of pnpm-lock.yaml`),
  // Frozen: otherwise pnpm updates an outdated lockfile silently, and the checks run on dependencies that are not committed.
  'pnpm install --frozen-lockfile --prefer-offline',
  say(`dependencies installed; running ${task}`),
  // Silent: pnpm would print a line after the last line of a failed task.
  ['pnpm --silent run', `task:${task}`, ...options.map(quoted)].join(' '),
];
console.log(`[0.0 s] downloading ${pnpm} with npx`);
// A single npx call caches pnpm and adds it to PATH, where turbo needs it. `--prefer-offline`: with a filled cache no request is sent;
// without it, npx retries for more than a minute if there is no network.
const { status, error } = spawnSync(
  'npx',
  ['--yes', '--prefer-offline', '--package', pnpm, '--call', steps.join(' && ')],
  {
    cwd: root,
    env: {
      ...process.env,
      KMS_SECRETS_RUN_STARTED: String(Date.now()),
      TURBO_TELEMETRY_DISABLED: '1',
      ...(process.stdout.isTTY || process.env['FORCE_COLOR'] ? {} : { NO_COLOR: '1' }), // no colours in a log file
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  },
);
if (error) console.error(`npx, which is part of npm, could not be started: ${error.message}`);
process.exitCode = status ?? 1;

/**
 * Quotes a text for a POSIX shell.
 * @param {string} text
 */
function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
