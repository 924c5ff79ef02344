// @ts-check
// What the tests start that npm cannot bring: Debian's packages, each with the file that shows that it is there.
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
 * @property {(command: string, args: readonly string[]) => boolean} run whether it went well
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
 * Installs what is missing, where that can be done without asking anybody; else says what to install. The tests that need it
 * fail without it, and say so too: a test that is passed over in silence proves nothing.
 * @param {(text: string) => void} print
 * @param {Machine} [machine]
 */
export function provide(print, machine = thisMachine) {
  const missing = [...programs].filter(([, file]) => !machine.has(file)).map(([name]) => name);
  if (missing.length === 0) return;
  const names = missing.join(' ');
  if (machine.isRoot && machine.has('/usr/bin/apt-get')) {
    print(`Installing ${names}: the tests start it.\n`);
    const apt = (/** @type {string[]} */ ...args) => machine.run('apt-get', ['-qq', ...args]);
    const install = ['install', '-y', '--no-install-recommends', ...missing];
    if (apt(...install) || (apt('update') && apt(...install))) return;
  }
  print(`Missing: ${names}. The tests that start it will fail. Install it: apt-get install ${names}\n`);
}
