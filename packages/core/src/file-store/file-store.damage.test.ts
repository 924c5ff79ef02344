import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import * as nodeFileSystem from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SecretStore } from '../ports/store.ts';
import { fileStore, fileStoreWith } from './file-store.ts';
import type { FileStoreHost } from './file-store.ts';
import { contextOf, decodePack, encodePack } from './pack.ts';
import {
  eventsOf,
  firstKey,
  freshPath,
  sealRaw,
  secondKey,
  stored,
  versionIn,
  writeRaw,
} from '../seal/stored-secret.fixture.ts';

function open(path: string, host: FileStoreHost = {}): SecretStore {
  return fileStoreWith(host, { path, key: firstKey });
}

/** A folder whose only file holds two secrets. */
async function filled(): Promise<{ path: string; file: string; bytes: Buffer }> {
  const path = await freshPath();
  const store = open(path);
  await Promise.all([
    store.write({ name: 'db' }, stored()),
    store.write({ name: 'api' }, stored({ versionId: 'v2', fetchedAt: 1_000 })),
  ]);
  await store.close();
  const [file = ''] = await readdir(path);
  return { path, file, bytes: await readFile(join(path, file)) };
}

/** A folder whose two secrets have each other's sealed bytes. */
async function swapped(): Promise<{ path: string; file: string }> {
  const { path, file, bytes } = await filled();
  const [one, other] = decodePack(bytes, 1).records;
  if (one === undefined || other === undefined) throw new Error('The pack must hold two records.');
  const records = [
    { ...one, sealed: other.sealed },
    { ...other, sealed: one.sealed },
  ];
  await writeRaw(path, file, encodePack(records, 1));
  return { path, file };
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

/** The name of another pack of the same key. */
function otherPack(file: string, digits = '0000'): string {
  return file.replace(/-.{4}/u, `-${digits}`);
}

test('uses the entries before the end of a truncated file, and replaces it', async () => {
  const { path, file, bytes } = await filled();
  await truncate(join(path, file), bytes.length - 10);
  const store = open(path);
  const events = eventsOf(store);

  expect([await versionIn(store, 'db'), await versionIn(store, 'api')]).toEqual(['v1', undefined]);
  await store.close();

  expect(events).toEqual([
    {
      kind: 'dropped',
      name: undefined,
      reason: expect.stringMatching(/^\S+\.v1 is damaged or truncated after \d+ bytes; only the entries/u) as string,
    },
  ]);
  expect(await readdir(path)).not.toContain(file);
  expect(await versionIn(open(path), 'db')).toBe('v1');
});

test('drops a modified entry, reports its name, and deletes it from the disk', async () => {
  const { path, file, bytes } = await filled();
  const last = bytes.length - 20;
  bytes.writeUInt8(bytes.readUInt8(last) ^ 1, last);
  await writeRaw(path, file, bytes);
  const store = open(path);
  const events = eventsOf(store);

  expect([await versionIn(store, 'api'), await versionIn(store, 'db')]).toEqual([undefined, 'v1']);
  await store.close();

  expect(events).toEqual([
    {
      kind: 'dropped',
      name: 'api',
      reason: `an entry in ${file} is not authentic (modified, damaged or moved)`,
    },
  ]);
  const [next = ''] = await readdir(path);
  expect(decodePack(await readFile(join(path, next)), 1).records).toHaveLength(1);
});

test('drops two entries that were swapped', async () => {
  const { path } = await swapped();
  const store = open(path);
  const events = eventsOf(store);

  expect([await versionIn(store, 'db'), await versionIn(store, 'api')]).toEqual([undefined, undefined]);
  expect(events.map(({ kind }) => kind)).toEqual(['dropped', 'dropped']);
});

test('reports a damaged entry once while its replaced file is being deleted', async () => {
  const { path, file } = await swapped();
  const deletion = deferred();
  const permission = deferred();
  const unlink: typeof nodeFileSystem.unlink = async (name) => {
    deletion.resolve();
    await permission.promise;
    await nodeFileSystem.unlink(name);
  };
  const store = open(path, { fileSystem: { ...nodeFileSystem, unlink } });
  const events = eventsOf(store);

  expect(await versionIn(store, 'db')).toBeUndefined();
  await deletion.promise;
  expect(await readdir(path)).toContain(file);
  expect(await versionIn(store, 'api')).toBeUndefined();
  permission.resolve();
  await store.close();

  expect(events.map(({ kind }) => kind)).toEqual(['dropped', 'dropped']);
  expect(await readdir(path)).toEqual([]);
});

test('close() waits for each deletion, not only for the last one', async () => {
  const path = await freshPath();
  const permission = deferred();
  const calls: unknown[] = [];
  const deleted: unknown[] = [];
  const unlink: typeof nodeFileSystem.unlink = async (name) => {
    if (calls.push(name) === 1) await permission.promise;
    await nodeFileSystem.unlink(name);
    deleted.push(name);
  };
  const store = open(path, { fileSystem: { ...nodeFileSystem, unlink } });
  // A fetch of the same time replaces the file of the one before.
  for (const versionId of ['v1', 'v2', 'v3']) await store.write({ name: 'db' }, stored({ versionId }));
  let isClosed = false;
  const closing = store.close().then(() => (isClosed = true));

  await expect.poll(() => deleted.length).toBe(1); // the file of v2
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(isClosed).toBe(false);
  permission.resolve();
  await closing;

  expect(await readdir(path)).toHaveLength(1);
});

test('reports a damaged entry once if its file cannot be deleted', async () => {
  const { path, file } = await swapped();
  const unlink = (): Promise<void> => Promise.reject(Object.assign(new Error('EPERM'), { code: 'EPERM' }));
  const store = open(path, { fileSystem: { ...nodeFileSystem, unlink } });
  const events = eventsOf(store);

  for (const name of ['db', 'api', 'db', 'api']) expect(await versionIn(store, name)).toBeUndefined();
  await store.close();

  expect(events.filter(({ kind }) => kind === 'dropped')).toHaveLength(2);
  expect(await readdir(path)).toEqual([file]);
});

test('ignores a later fetch time or generation that is not authentic', async () => {
  const { path, file, bytes } = await filled();
  const records = decodePack(bytes, 1).records.map((record) => ({ ...record, generation: 4_294_967_295 }));
  const redated = decodePack(bytes, 1).records.map((record) => {
    const sealed = Buffer.from(record.sealed);
    sealed.writeDoubleBE(Number.MAX_VALUE, 10);
    return { ...record, sealed };
  });
  await writeRaw(path, otherPack(file, '0000'), encodePack(records, 1));
  await writeRaw(path, otherPack(file, '1111'), encodePack(redated, 1));
  const store = open(path);

  expect([await versionIn(store, 'db'), await versionIn(store, 'api')]).toEqual(['v1', 'v2']);
  await store.removeAll('db');
  expect([await versionIn(store, 'db'), await versionIn(store, 'api')]).toEqual([undefined, 'v2']);
});

test.each<[string, Buffer]>([
  ['no bytes', Buffer.alloc(0)],
  ['zeros', Buffer.alloc(4_096)],
  ['text', Buffer.from('s3cret-in-the-clear')],
])('replaces a file of %s and reads the others', async (_, bytes) => {
  const { path, file } = await filled();
  const garbage = otherPack(file);
  await writeRaw(path, garbage, bytes);
  const store = open(path);
  const events = eventsOf(store);

  expect(await versionIn(store, 'db')).toBe('v1');
  await store.close();

  expect(events.map(({ kind }) => kind)).toEqual(['dropped']);
  expect(JSON.stringify(events).includes('s3cret')).toBe(false);
  expect(await readdir(path)).not.toContain(garbage);
});

test.each<[string, (path: string) => unknown]>([
  ['a folder', (path) => mkdir(path)],
  ['a symbolic link', (path) => symlink('/etc/hostname', path)],
  ['a link to itself', (path) => symlink(path, path)],
  ['a pipe without a writer', (path) => execFileSync('mkfifo', ['-m', '600', path])],
  [
    'a file that is too large',
    async (path) => {
      await writeFile(path, '', { mode: 0o600 });
      await truncate(path, 65 * 1_048_576);
    },
  ],
])('reports and ignores %s in place of a pack', async (_what, make) => {
  const { path, file } = await filled();
  await make(join(path, otherPack(file)));
  const store = open(path);
  const events = eventsOf(store);

  expect(await versionIn(store, 'db')).toBe('v1');
  await store.write({ name: 'api' }, stored({ name: 'api' }));
  await store.removeAll('db');
  await store.close();

  expect(events.map(({ kind }) => kind)).toEqual(['dropped']);
  expect(await versionIn(open(path), 'api')).toBe('v1');
});

test('opens an ignored file only once while its folder is in use', async () => {
  const { path, file } = await filled();
  await mkdir(join(path, otherPack(file)));
  let opened = 0;
  const openCounted: typeof nodeFileSystem.open = (target, ...rest) => {
    if (String(target).endsWith(otherPack(file))) opened += 1;
    return nodeFileSystem.open(target, ...rest);
  };
  const store = open(path, { fileSystem: { ...nodeFileSystem, open: openCounted } });

  for (let reads = 0; reads < 3; reads += 1) expect(await versionIn(store, 'db')).toBe('v1');

  expect(opened).toBe(1);
});

test('neither reads nor deletes files of other programs and format versions', async () => {
  const { path, file } = await filled();
  await writeRaw(path, file.replace('.v1', '.v2'), Buffer.from('of the next version'));
  await writeRaw(path, 'notes.txt', Buffer.from('of another program'));
  const store = open(path);
  const events = eventsOf(store);

  await store.write({ name: 'db' }, stored({ fetchedAt: 1_800_000_000_000 }));

  expect(await readdir(path)).toEqual(expect.arrayContaining([file.replace('.v1', '.v2'), 'notes.txt']));
  expect(events).toEqual([]);
});

test('deletes the temporary files of killed processes after ten minutes', async () => {
  const { path } = await filled();
  const names = ['.0123456789abcdef.tmp', '.fedcba9876543210.tmp'] as const;
  await Promise.all(names.map((name) => writeRaw(path, name, Buffer.from('half'))));
  const [abandoned, recent] = names;
  await utimes(join(path, abandoned), 1_000, 1_000);

  expect(await versionIn(open(path), 'db')).toBe('v1');

  expect((await readdir(path)).filter((name) => name.endsWith('.tmp'))).toEqual([recent]);
});

test('makes a file private that other users could read', async () => {
  const { path, file } = await filled();
  await chmod(join(path, file), 0o644);

  expect(await versionIn(open(path), 'db')).toBe('v1');

  expect(((await stat(join(path, file))).mode & 0o777).toString(8)).toBe('600');
});

test('replaces a damaged salt, after which older entries cannot be read', async () => {
  const path = await freshPath();
  const passphrase = 's3cret-passphrase';
  await fileStore({ path, passphrase }).write({ name: 'db' }, stored());
  await writeRaw(path, 'salt', Buffer.from('short'));
  const store = fileStore({ path, passphrase });

  expect(await versionIn(store, 'db')).toBeUndefined();
  await store.write({ name: 'db' }, stored({ versionId: 'v2' }));

  expect(await versionIn(fileStore({ path, passphrase }), 'db')).toBe('v2');
});

test.each(['no JSON', 'null', '{"name":7}', '["db"]'])('keeps a tombstone whose text is %s', async (text) => {
  const { path, file, bytes } = await filled();
  await open(path).removeAll('db');
  const [removal = ''] = (await readdir(path)).filter((name) => name !== file);
  const records = decodePack(await readFile(join(path, removal)), 1).records.map((record) => {
    if (record.kind === 'secret') return record;
    const content = { key: firstKey, kind: 'message', text, timestamp: Date.now() } as const;
    return { ...record, sealed: sealRaw({ ...content, associatedData: contextOf(record) }) };
  });
  await writeRaw(path, removal, encodePack(records, 1));
  const rotated = fileStore({ path, keys: [secondKey, firstKey] });

  await rotated.write({ name: 'other' }, stored({ name: 'other' }));
  await writeRaw(path, file, bytes); // a file that the removal replaced

  expect([await versionIn(rotated, 'db'), await versionIn(rotated, 'api')]).toEqual([undefined, 'v2']);
});

test.each<[string, (bytes: Buffer) => Buffer]>([
  ['a pack', (bytes) => Buffer.from(bytes.with(4, 2))],
  ['an envelope', (bytes) => Buffer.from(bytes.with(5 + 41, 2))],
])('ignores and keeps a file with %s of a later format version', async (_what, change) => {
  const { path, file, bytes } = await filled();
  const later = change(bytes);
  await writeRaw(path, file, later);
  const store = open(path);
  const events = eventsOf(store);

  expect(await versionIn(store, 'db')).toBeUndefined();
  for (let index = 0; index < 12; index += 1) {
    await store.write({ name: `db-${index}` }, stored({ name: `db-${index}` }));
  }
  await store.write({ name: 'db' }, stored({ versionId: 'v2' }));
  await store.removeAll('api');
  await store.close();

  expect((await readFile(join(path, file))).equals(later)).toBe(true);
  expect(await versionIn(open(path), 'db')).toBe('v2');
  expect(events).toEqual([
    {
      kind: 'dropped',
      name: undefined,
      reason: `${file} was written by a later version of kms-secrets, so it is ignored and kept`,
    },
  ]);
});
