import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StoredSecret } from '../ports/store.ts';
import { SealedEnvelope } from '../seal/envelope.ts';
import { firstKey, freshPath, stored } from '../seal/stored-secret.fixture.ts';
import { PackFormats } from './pack-formats.ts';
import { SecretFolder } from './secret-folder.ts';
import type { FolderChange } from './commit.ts';

/** A release that reads these format versions and writes the first one. */
interface Release {
  readonly write: (fields?: Partial<StoredSecret>) => Promise<void>;
  readonly change: (change: FolderChange, now?: number) => Promise<void>;
  readonly version: (name?: string) => Promise<string | undefined>;
}

/** When `stored()` was fetched. */
const fetchedAt = 1_767_323_046_000;

async function releaseOf(path: string, ...versions: [number, ...number[]]): Promise<Release> {
  const folder = new SecretFolder({ path, date: () => fetchedAt });
  await folder.prepare();
  const envelope = new SealedEnvelope([Buffer.from(firstKey, 'base64')], versions);
  const packs = new PackFormats({ folder, envelope, onDropped: () => {} });
  const change = async (one: FolderChange, now = fetchedAt): Promise<void> => {
    await packs.refresh();
    await packs.commit([one], now);
    await packs.deletionsDone();
  };
  return {
    change,
    write: (fields) => {
      const secret = stored(fields);
      return change({ kind: 'write', request: { name: secret.name }, secret });
    },
    async version(name = 'db') {
      await packs.refresh();
      return packs.read({ name })?.secret.versionId;
    },
  };
}

/** Two releases in one folder: the later one writes a version that the earlier one does not know. */
async function twoReleases(): Promise<{ path: string; earlier: Release; later: Release }> {
  const path = await freshPath();
  return { path, earlier: await releaseOf(path, 1), later: await releaseOf(path, 2, 1) };
}

async function packsIn(path: string): Promise<string[]> {
  const files = await readdir(path);
  return files.map((file) => file.slice(file.indexOf('.'))).toSorted();
}

test('releases keep their entries side by side, and the later one reads both', async () => {
  const { path, earlier, later } = await twoReleases();
  await earlier.write();
  expect(await later.version()).toBe('v1');

  await later.write({ versionId: 'v2', fetchedAt: fetchedAt + 1 });

  expect([await earlier.version(), await later.version()]).toEqual(['v1', 'v2']);
  expect(await packsIn(path)).toEqual(['.v1', '.v2']);
});

test('the later release prefers the latest fetch, whatever its format version', async () => {
  const { earlier, later } = await twoReleases();
  await later.write();

  await earlier.write({ versionId: 'v2', fetchedAt: fetchedAt + 1 });

  expect([await earlier.version(), await later.version()]).toEqual(['v2', 'v2']);
});

test('a release merges only the files of its own format version', async () => {
  const { path, earlier, later } = await twoReleases();
  await earlier.write();
  const [file = ''] = await readdir(path);
  const before = await readFile(join(path, file));

  for (let index = 0; index < 20; index += 1) await later.write({ name: `db-${index}` });

  expect((await readFile(join(path, file))).equals(before)).toBe(true);
  expect(await earlier.version()).toBe('v1');
});

test('a release that introduces a format version writes the one before', async () => {
  const path = await freshPath();
  const [earlier, next] = [await releaseOf(path, 1), await releaseOf(path, 1, 2)];

  await next.write();

  expect(await earlier.version()).toBe('v1');
  expect(await packsIn(path)).toEqual(['.v1']);
});

test.each<FolderChange>([
  { kind: 'remove', request: { name: 'db' } },
  { kind: 'removeAll', name: 'db' },
])('$kind by either release applies to both format versions', async (removal) => {
  for (const remover of ['earlier', 'later'] as const) {
    const releases = await twoReleases();
    await releases.earlier.write();
    await releases.later.write({ fetchedAt: fetchedAt + 1 });

    await releases[remover].change(removal, fetchedAt + 2);

    expect([await releases.earlier.version(), await releases.later.version()]).toEqual([undefined, undefined]);
  }
});

test.each<FolderChange>([
  { kind: 'remove', request: { name: 'db' } },
  { kind: 'removeAll', name: 'db' },
])('$kind leaves a tombstone for a later release whose entries cannot be read', async (removal) => {
  const { earlier, later } = await twoReleases();
  await later.write();

  await earlier.change(removal, fetchedAt + 1);
  expect(await later.version()).toBeUndefined();

  await earlier.write({ versionId: 'v2', fetchedAt: fetchedAt + 2 });
  expect([await earlier.version(), await later.version()]).toEqual(['v2', 'v2']);
});

test('the removal of an unknown name leaves no tombstone without a later release', async () => {
  const { path, earlier } = await twoReleases();

  await earlier.change({ kind: 'remove', request: { name: 'db' } });
  await earlier.change({ kind: 'removeAll', name: 'db' });

  expect(await packsIn(path)).toEqual([]);
});
