import { expect, test } from 'vitest';
import { provide } from '../../scripts/needs.mjs';

/** A machine with only these files. Records the commands and the output of `provide`. */
function machine(
  files: readonly string[],
  { isRoot = true, fails = [] as readonly string[] } = {},
): {
  readonly commands: string[];
  readonly printed: string[];
  provide(): void;
} {
  const commands: string[] = [];
  const printed: string[] = [];
  const fake = {
    has: (file: string) => files.includes(file),
    isRoot,
    run: (command: string, args: readonly string[]) => {
      commands.push([command, ...args].join(' '));
      return !fails.includes(commands.at(-1) ?? '');
    },
  };
  return { commands, printed, provide: () => provide((text: string) => printed.push(text), fake) };
}

const apt = '/usr/bin/apt-get';
const install = 'apt-get -qq install -y --no-install-recommends chromium redis-server';

test('does and prints nothing if nothing is missing', () => {
  const complete = machine(['/usr/bin/chromium', '/usr/bin/redis-server', apt]);

  complete.provide();

  expect([complete.commands, complete.printed]).toEqual([[], []]);
});

test('installs missing programs, after apt-get update if needed', () => {
  const fresh = machine([apt]);
  const old = machine([apt], { fails: [install] });

  fresh.provide();
  old.provide();

  expect(fresh.commands).toEqual([install]);
  expect(fresh.printed).toEqual(['Installing chromium redis-server for the tests.\n']);
  expect(old.commands).toEqual([install, 'apt-get -qq update', install]);
});

test.each([
  ['without root', machine([apt], { isRoot: false })],
  ['without apt-get', machine([])],
  ['if apt-get fails', machine([apt], { fails: [install, 'apt-get -qq update'] })],
])('prints what to install %s', (_, incomplete) => {
  incomplete.provide();

  expect(incomplete.printed.at(-1)).toBe(
    'Missing: chromium redis-server. Tests that need it will fail. To install it: apt-get install chromium redis-server\n',
  );
});
