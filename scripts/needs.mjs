// @ts-check
// Programs that the tests start and npm cannot install: Debian packages, each with a file that shows that it is installed.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** @type {ReadonlyMap<string, string>} */
const programs = new Map([
  ['chromium', '/usr/bin/chromium'],
  ['redis-server', '/usr/bin/redis-server'],
]);

/**
 * @typedef {object} Machine
 * @property {(path: string) => boolean} has
 * @property {boolean} isRoot
 * @property {(command: string, args: readonly string[]) => boolean} run returns whether the command succeeded
 */

/** @type {Machine} */
const thisMachine = {
  has: existsSync,
  isRoot: process.getuid?.() === 0,
  run: (command, args) =>
    spawnSync(command, args, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'inherit'],
    }).status === 0,
};

/**
 * Installs missing programs as root with apt-get; otherwise prints what to install. Tests that need a missing program fail: a test
 * that is skipped silently proves nothing.
 * @param {(text: string) => void} print
 * @param {Machine} [machine]
 */
export function provide(print, machine = thisMachine) {
  const missing = [...programs].filter(([, file]) => !machine.has(file)).map(([name]) => name);
  if (missing.length === 0) return;
  const names = missing.join(' ');
  if (machine.isRoot && machine.has('/usr/bin/apt-get')) {
    print(`Installing ${names} for the tests.\n`);
    const apt = (/** @type {string[]} */ ...args) => machine.run('apt-get', ['-qq', ...args]);
    const install = ['install', '-y', '--no-install-recommends', ...missing];
    if (apt(...install) || (apt('update') && apt(...install))) return;
  }
  print(`Missing: ${names}. Tests that need it will fail. To install it: apt-get install ${names}\n`);
}
