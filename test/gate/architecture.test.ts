import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const source = join(root, 'packages/core/src');
const rooms = readdirSync(source, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

/** Rooms whose entry in the tree is a description only, because their files have one purpose. */
const described: ReadonlySet<string> = new Set([
  'config',
  'credentials',
  'file-store',
  'network',
  'options',
  'platform',
  'ports',
  'seal',
  'secret',
  'transports',
]);

/** Each room in the tree of docs/architecture.md with its description and the files that follow it. */
const entries = entriesOf(readFileSync(join(root, 'docs/architecture.md'), 'utf8'));

test('the tree in docs/architecture.md has every room of core', () => {
  expect([...entries.keys()].toSorted()).toEqual(rooms);
});

test.each(rooms.filter((room) => !described.has(room)))(
  'docs/architecture.md lists every file of %s, and no other',
  (room) => {
    const files = readdirSync(join(source, room))
      .filter((file) => file.endsWith('.ts') && !/\.(?:test|fixture)\.ts$/u.test(file))
      .map((file) => file.replace(/\.ts$/u, ''));

    expect((entries.get(room) ?? []).toSorted()).toEqual(files.toSorted());
  },
);

/** The lines of a room: its folder with a description, then its files. A room may list its files in the first line. */
function entriesOf(page: string): ReadonlyMap<string, readonly string[]> {
  const tree = page.slice(page.indexOf('  core/src/'), page.indexOf('  testing/'));
  const found = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of tree.split('\n')) {
    const [, room, text = line.trim()] = /^ {4}([\w-]+)\/ +(.*)$/u.exec(line) ?? [];
    if (room !== undefined) found.set(room, (current = []));
    if (/^[a-z-]+(?:, [a-z-]+)*,?$/u.test(text)) current?.push(...text.split(',').flatMap((name) => name.trim() || []));
  }
  return found;
}
