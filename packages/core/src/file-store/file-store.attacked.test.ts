import { chmod, mkdir, readdir, readFile, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import * as nodeFiles from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SecretStore } from '../ports/store.ts';
import { fileStore, fileStoreOn } from './file-store.ts';
import type { FileStoreMachine } from './file-store.ts';
import { readPack, writePack } from './pack.ts';
import { firstKey, freshPath, newsOf, stored, versionIn, writeRaw } from '../seal/stored-secret.fixture.ts';

function open(path: string, machine: FileStoreMachine = {}): SecretStore {
  return fileStoreOn(machine, { path, key: firstKey });
}

/** A folder with two secrets in one file. */
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

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'it went well',
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : 'no error'),
  );
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

test('a file that was cut short gives what is whole, says what is lost, and is replaced', async () => {
  const { path, file, bytes } = await filled();
  await truncate(join(path, file), bytes.length - 10);
  const store = open(path);
  const news = newsOf(store);

  expect([await versionIn(store, 'db'), await versionIn(store, 'api')]).toEqual(['v1', undefined]);
  await store.close();

  expect(news).toEqual([
    {
      kind: 'dropped',
      name: undefined,
      reason: expect.stringMatching(/^The file .+ is damaged or cut short/u) as string,
    },
  ]);
  expect(await readdir(path)).not.toContain(file);
  expect(await versionIn(open(path), 'db')).toBe('v1');
});

test('an entry in which one bit was changed is dropped, told with its name, and removed from the disk', async () => {
  const { path, file, bytes } = await filled();
  const last = bytes.length - 20;
  bytes.writeUInt8(bytes.readUInt8(last) ^ 1, last);
  await writeRaw(path, file, bytes);
  const store = open(path);
  const news = newsOf(store);

  expect([await versionIn(store, 'api'), await versionIn(store, 'db')]).toEqual([undefined, 'v1']);
  await store.close();

  expect(news).toEqual([
    { kind: 'dropped', name: 'api', reason: expect.stringContaining('was changed, damaged or put in') as string },
  ]);
  const [next = ''] = await readdir(path);
  expect(readPack(await readFile(join(path, next))).lines).toHaveLength(1);
});

test('two entries that were exchanged are trusted no more', async () => {
  const { path, file, bytes } = await filled();
  const [one, other] = readPack(bytes).lines;
  if (one === undefined || other === undefined) throw new Error('There are two lines.');
  const lines = [
    { ...one, sealed: other.sealed },
    { ...other, sealed: one.sealed },
  ];
  await writeRaw(path, file, writePack(lines));
  const store = open(path);
  const news = newsOf(store);

  expect([await versionIn(store, 'db'), await versionIn(store, 'api')]).toEqual([undefined, undefined]);
  expect(news.map(({ kind }) => kind)).toEqual(['dropped', 'dropped']);
});

test('reports a damaged entry once while its replaced file is being deleted', async () => {
  const { path, file, bytes } = await filled();
  const [one, other] = readPack(bytes).lines;
  if (one === undefined || other === undefined) throw new Error('There are two lines.');
  await writeRaw(
    path,
    file,
    writePack([
      { ...one, sealed: other.sealed },
      { ...other, sealed: one.sealed },
    ]),
  );
  const [deletion, permission] = [deferred(), deferred()];
  const unlink: typeof nodeFiles.unlink = async (name) => {
    deletion.resolve();
    await permission.promise;
    await nodeFiles.unlink(name);
  };
  const store = open(path, { files: { ...nodeFiles, unlink } });
  const news = newsOf(store);

  expect(await versionIn(store, 'db')).toBeUndefined();
  await deletion.promise;
  expect(await readdir(path)).toContain(file);
  expect(await versionIn(store, 'api')).toBeUndefined();
  permission.resolve();
  await store.close();

  expect(news.map(({ kind }) => kind)).toEqual(['dropped', 'dropped']);
  expect(await readdir(path)).toEqual([]);
});

test('an entry that somebody dated later, or moved to a later generation, hides nothing', async () => {
  const { path, file, bytes } = await filled();
  const lines = readPack(bytes).lines.map((line) => ({ ...line, generation: 4_294_967_295 }));
  const redated = readPack(bytes).lines.map((line) => {
    const sealed = Buffer.from(line.sealed);
    sealed.writeDoubleBE(Number.MAX_VALUE, 10);
    return { ...line, sealed };
  });
  await writeRaw(path, file.replace(/-.{4}/u, '-0000'), writePack(lines));
  await writeRaw(path, file.replace(/-.{4}/u, '-1111'), writePack(redated));
  const store = open(path);

  expect([await versionIn(store, 'db'), await versionIn(store, 'api')]).toEqual(['v1', 'v2']);
  await store.removeAll('db');
  expect([await versionIn(store, 'db'), await versionIn(store, 'api')]).toEqual([undefined, 'v2']);
});

test.each<[string, Buffer]>([
  ['nothing', Buffer.alloc(0)],
  ['zeros', Buffer.alloc(4_096)],
  ['text', Buffer.from('s3cret-in-the-clear')],
])('a file of %s is dropped, and the others are read', async (_, bytes) => {
  const { path, file } = await filled();
  const garbage = file.replace(/-.{4}/u, '-0000');
  await writeRaw(path, garbage, bytes);
  const store = open(path);
  const news = newsOf(store);

  expect(await versionIn(store, 'db')).toBe('v1');
  await store.close();

  expect(news.map(({ kind }) => kind)).toEqual(['dropped']);
  expect(JSON.stringify(news).includes('s3cret')).toBe(false);
  expect(await readdir(path)).not.toContain(garbage);
});

test('what is not ours is neither read nor touched', async () => {
  const { path, file } = await filled();
  await writeRaw(path, file.replace('.v1', '.v2'), Buffer.from('of the next version'));
  await writeRaw(path, 'notes.txt', Buffer.from('of somebody'));
  const store = open(path);
  const news = newsOf(store);

  await store.write({ name: 'db' }, stored({ fetchedAt: 1_800_000_000_000 }));

  expect(await readdir(path)).toEqual(expect.arrayContaining([file.replace('.v1', '.v2'), 'notes.txt']));
  expect(news).toEqual([]);
});

test('what a killed process was writing goes after ten minutes, and not while another may be writing it', async () => {
  const { path } = await filled();
  const names = ['.0123456789abcdef.tmp', '.fedcba9876543210.tmp'] as const;
  await Promise.all(names.map((name) => writeRaw(path, name, Buffer.from('half'))));
  const [left] = names;
  await utimes(join(path, left), 1_000, 1_000);

  expect(await versionIn(open(path), 'db')).toBe('v1');

  expect((await readdir(path)).filter((name) => name.endsWith('.tmp'))).toEqual([names[1]]);
});

test('a file that others could read is closed to them', async () => {
  const { path, file } = await filled();
  await chmod(join(path, file), 0o644);

  expect(await versionIn(open(path), 'db')).toBe('v1');

  expect(((await stat(join(path, file))).mode & 0o777).toString(8)).toBe('600');
});

const advice = 'Name a folder that does not exist yet: it will be made.';

test.each<[string, (path: string) => Promise<unknown>, FileStoreMachine, string]>([
  [
    'is a link to elsewhere',
    async (path) => {
      await mkdir(`${path}-elsewhere`, { mode: 0o700 });
      await symlink(`${path}-elsewhere`, path);
    },
    {},
    'it is a link to elsewhere. Name the folder that it leads to.',
  ],
  ['is a file', (path) => writeFile(path, ''), {}, `it is not a folder. ${advice}`],
  [
    'everybody can write to',
    async (path) => {
      await mkdir(path);
      await chmod(path, 0o777);
    },
    {},
    `others can get at it (mode 777). Run chmod 700 on it. ${advice}`,
  ],
  [
    'a group can read',
    async (path) => {
      await mkdir(path);
      await chmod(path, 0o750);
    },
    {},
    'others can get at it (mode 750).',
  ],
  [
    'belongs to another',
    (path) => mkdir(path, { mode: 0o700 }),
    { uid: 4_711 },
    `and this process is user 4711. ${advice}`,
  ],
])('a folder that %s is refused in words', async (...[, make, machine, words]) => {
  const path = await freshPath();
  await make(path);
  const store = open(path, machine);
  const news = newsOf(store);

  expect(await messageOf(store.read({ name: 'db' }))).toContain(words);
  expect(await messageOf(store.write({ name: 'db' }, stored()))).toMatch(
    /^StoreError: The file store .+ could not write a secret: The folder .+ is not used for secrets:/u,
  );
  expect(news.map(({ kind }) => kind)).toEqual(['unavailable']);
});

test('a folder that was refused is used as soon as it is in order', async () => {
  const path = await freshPath();
  await mkdir(path);
  await chmod(path, 0o755);
  const store = open(path);
  const news = newsOf(store);
  await messageOf(store.write({ name: 'db' }, stored()));

  await chmod(path, 0o700);
  await store.write({ name: 'db' }, stored());

  expect(await versionIn(store, 'db')).toBe('v1');
  expect(news.map(({ kind }) => kind)).toEqual(['unavailable', 'recovered']);
});

test('a folder below a file cannot be made, and that is said', async () => {
  const path = await freshPath();
  await writeFile(path, '');

  expect(await messageOf(open(join(path, 'below')).read({ name: 'db' }))).toMatch(
    /could not read secret "db": ENOTDIR/u,
  );
});

test('a folder that is taken away is made again', async () => {
  const { path } = await filled();
  const store = open(path);
  expect(await versionIn(store, 'db')).toBe('v1');

  await nodeFiles.rm(path, { recursive: true });
  await messageOf(store.write({ name: 'db' }, stored()));
  await store.write({ name: 'db' }, stored({ versionId: 'v3' }));

  expect(await versionIn(store, 'db')).toBe('v3');
});

/** A disk on which nothing can be written while it says so. */
function failingDisk(code: string): FileStoreMachine & { isFailing: boolean } {
  const disk = {
    isFailing: true,
    files: {
      ...nodeFiles,
      open: (async (path, flags, mode) => {
        if (disk.isFailing && flags === 'wx') throw Object.assign(new Error(`${code}: no way to write`), { code });
        return nodeFiles.open(path, flags, mode);
      }) as typeof nodeFiles.open, // its path has more types than we use
    },
  };
  return disk;
}

test.each(['ENOSPC', 'EROFS'])(
  'on a disk that fails with %s writing rejects, reading goes on, and it is told once',
  async (code) => {
    const { path } = await filled();
    const disk = failingDisk(code);
    const store = open(path, disk);
    const news = newsOf(store);

    for (const versionId of ['v8', 'v9']) {
      expect(await messageOf(store.write({ name: 'new' }, stored({ versionId })))).toMatch(
        new RegExp(`^StoreError: The file store .+ could not write a secret: ${code}`, 'u'),
      );
    }
    expect(await versionIn(store, 'db')).toBe('v1');
    disk.isFailing = false;
    await store.write({ name: 'new' }, stored({ versionId: 'v10' }));

    expect(await versionIn(store, 'new')).toBe('v10');
    expect(news).toEqual([{ kind: 'unavailable', reason: `${code}: no way to write` }, { kind: 'recovered' }]);
    expect((await readdir(path)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  },
);

test('rejects a removal on a full disk, and carries it out when it is repeated', async () => {
  const { path } = await filled();
  const disk = failingDisk('ENOSPC');
  const store = open(path, disk);

  expect(await messageOf(store.removeAll('db'))).toContain('ENOSPC');
  disk.isFailing = false;
  await store.removeAll('db');

  expect([await versionIn(store, 'db'), await versionIn(open(path), 'db')]).toEqual([undefined, undefined]);
});

test('a salt that is damaged is replaced, and what was sealed before is not seen', async () => {
  const path = await freshPath();
  const passphrase = 's3cret-passphrase';
  await fileStore({ path, passphrase }).write({ name: 'db' }, stored());
  await writeRaw(path, 'salt', Buffer.from('short'));
  const store = fileStore({ path, passphrase });

  expect(await versionIn(store, 'db')).toBeUndefined();
  await store.write({ name: 'db' }, stored({ versionId: 'v2' }));

  expect(await versionIn(fileStore({ path, passphrase }), 'db')).toBe('v2');
}, 30_000);
