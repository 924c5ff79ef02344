import { expect, test } from 'vitest';
import { provide } from '../../scripts/needs.mjs';

/** A machine on which only these files are there, and what is done on it. */
function machine(
  files: readonly string[],
  { isRoot = true, fails = [] as readonly string[] } = {},
): {
  readonly done: string[];
  readonly printed: string[];
  provide(): void;
} {
  const done: string[] = [];
  const printed: string[] = [];
  const on = {
    has: (file: string) => files.includes(file),
    isRoot,
    run: (command: string, args: readonly string[]) => {
      done.push([command, ...args].join(' '));
      return !fails.includes(done.at(-1) ?? '');
    },
  };
  return { done, printed, provide: () => provide((text: string) => printed.push(text), on) };
}

const apt = '/usr/bin/apt-get';
const install = 'apt-get -qq install -y --no-install-recommends chromium redis-server';

test('where all is there nothing is done and nothing said', () => {
  const full = machine(['/usr/bin/chromium', '/usr/bin/redis-server', apt]);

  full.provide();

  expect([full.done, full.printed]).toEqual([[], []]);
});

test('what is missing is installed, with new lists if the old ones do not know it', () => {
  const [fresh, old] = [machine([apt]), machine([apt], { fails: [install] })];

  fresh.provide();
  old.provide();

  expect(fresh.done).toEqual([install]);
  expect(fresh.printed).toEqual(['Installing chromium redis-server: the tests start it.\n']);
  expect(old.done).toEqual([install, 'apt-get -qq update', install]);
});

test.each([
  ['by a user who may not', machine([apt], { isRoot: false })],
  ['without apt-get', machine([])],
  ['when it fails', machine([apt], { fails: [install, 'apt-get -qq update'] })],
])('%s it is said what to install', (_, poor) => {
  poor.provide();

  expect(poor.printed.at(-1)).toBe(
    'Missing: chromium redis-server. The tests that start it will fail. Install it: apt-get install chromium redis-server\n',
  );
});
