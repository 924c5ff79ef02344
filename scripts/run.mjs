// @ts-check
// The one entry a newcomer needs: `npm test`, `npm run check`, `npm run demo`, `npm run bench`, `npm run faults`, `npm run soak`.
// It wants nothing but Node and npm: npx fetches the pnpm that package.json pins, pnpm installs what the lockfile says,
// and `task:<name>` of package.json runs.
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
  say(`${pnpm} is here, installing what pnpm-lock.yaml says`),
  // Frozen: else a stale lockfile is mended in silence, and the gate judges something that nobody committed.
  'pnpm install --frozen-lockfile --prefer-offline',
  say(`installed, running ${task}`),
  // Silent: pnpm would write a line of its own below the last line of a task that fails.
  ['pnpm --silent run', `task:${task}`, ...options.map(quoted)].join(' '),
];
console.log(`[0.0 s] fetching ${pnpm} with npx`);
// One npx call keeps the pnpm it fetched and puts it on PATH, where turbo looks for it. `--prefer-offline`: a warm run
// asks the registry nothing; without it npx alone retries for more than a minute where there is no network.
const { status, error } = spawnSync(
  'npx',
  ['--yes', '--prefer-offline', '--package', pnpm, '--call', steps.join(' && ')],
  {
    cwd: root,
    env: {
      ...process.env,
      KMS_SECRETS_RUN_STARTED: String(Date.now()),
      TURBO_TELEMETRY_DISABLED: '1',
      ...(process.stdout.isTTY || process.env['FORCE_COLOR'] ? {} : { NO_COLOR: '1' }), // a log is read as text
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  },
);
if (error) console.error(`npx, which comes with npm, could not be started: ${error.message}`);
process.exitCode = status ?? 1;

/**
 * As one word of a shell.
 * @param {string} text
 */
function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
