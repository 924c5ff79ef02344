// @ts-check
// The programs that the tests start and npm cannot install.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** @type {ReadonlyMap<string, string>} Debian packages, each with a file that it installs */
const packages = new Map([
  ['chromium', '/usr/bin/chromium'],
  ['mariadb-server', '/usr/sbin/mariadbd'],
  ['openssl', '/usr/bin/openssl'], // certificates of a Redis with TLS
  ['postgresql', '/usr/lib/postgresql'],
  ['prometheus', '/usr/bin/prometheus'], // with promtool
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
 * Installs the missing packages as root on Debian; otherwise prints the command that installs them. The tests that need
 * them fail without them: a skipped test would prove nothing.
 * @param {(text: string) => void} print
 * @param {Machine} [machine]
 */
export function installMissing(print, machine = thisMachine) {
  const missing = [...packages].filter(([, file]) => !machine.has(file)).map(([name]) => name);
  if (missing.length === 0) return;
  const names = missing.join(' ');
  if (machine.isRoot && machine.has('/usr/bin/apt-get')) {
    print(`Installing ${names}, which the tests start.\n`);
    const apt = (/** @type {string[]} */ ...args) => machine.run('apt-get', ['-qq', ...args]);
    const install = ['install', '-y', '--no-install-recommends', ...missing];
    if (apt(...install) || (apt('update') && apt(...install))) return;
  }
  print(`Missing: ${names}. The tests that start them will fail. Run: apt-get install ${names}\n`);
}
