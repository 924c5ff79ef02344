import { expect, test } from 'vitest';
import { installMissing } from '../../scripts/system-packages.mjs';

interface FakeMachine {
  readonly commands: readonly string[];
  readonly printed: readonly string[];
  installMissing(): void;
}

/** A machine that has only these files and on which some commands fail. */
function machineWith(files: readonly string[], { isRoot = true, failing = [] as readonly string[] } = {}): FakeMachine {
  const commands: string[] = [];
  const printed: string[] = [];
  const machine = {
    has: (file: string) => files.includes(file),
    isRoot,
    run: (program: string, args: readonly string[]) => {
      const command = [program, ...args].join(' ');
      commands.push(command);
      return !failing.includes(command);
    },
  };
  return { commands, printed, installMissing: () => installMissing((text) => void printed.push(text), machine) };
}

const apt = '/usr/bin/apt-get';
const update = 'apt-get -qq update';
const install =
  'apt-get -qq install -y --no-install-recommends chromium mariadb-server openssl postgresql prometheus redis-server';

test('does nothing when every program is installed', () => {
  const machine = machineWith([
    '/usr/bin/chromium',
    '/usr/sbin/mariadbd',
    '/usr/bin/openssl',
    '/usr/lib/postgresql',
    '/usr/bin/prometheus',
    '/usr/bin/redis-server',
    apt,
  ]);

  machine.installMissing();

  expect(machine.commands).toEqual([]);
  expect(machine.printed).toEqual([]);
});

test('installs what is missing', () => {
  const machine = machineWith([apt]);

  machine.installMissing();

  expect(machine.commands).toEqual([install]);
  expect(machine.printed).toEqual([
    'Installing chromium mariadb-server openssl postgresql prometheus redis-server, which the tests start.\n',
  ]);
});

test('updates the package lists when the first install fails', () => {
  const machine = machineWith([apt], { failing: [install] });

  machine.installMissing();

  expect(machine.commands).toEqual([install, update, install]);
});

test.each([
  ['it does not run as root', machineWith([apt], { isRoot: false })],
  ['there is no apt-get', machineWith([])],
  ['apt-get fails', machineWith([apt], { failing: [install, update] })],
])('prints the install command when %s', (_, machine) => {
  machine.installMissing();

  expect(machine.printed.at(-1)).toBe(
    'Missing: chromium mariadb-server openssl postgresql prometheus redis-server. The tests that start them will fail. Run: apt-get install chromium mariadb-server openssl postgresql prometheus redis-server\n',
  );
});
