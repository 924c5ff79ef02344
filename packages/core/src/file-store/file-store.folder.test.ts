import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import * as nodeFileSystem from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { SecretStore } from '../ports/store.ts';
import { fileStore, fileStoreWith } from './file-store.ts';
import type { FileStoreHost } from './file-store.ts';
import { createKeyring } from '../seal/keyring.ts';
import { eventsOf, firstKey, freshPath, stored, versionIn } from '../seal/stored-secret.fixture.ts';
import { errorLink } from '../secret/error-link.fixture.ts';

function open(path: string, host: FileStoreHost = {}): SecretStore {
  return fileStoreWith(host, { path, key: firstKey });
}

/** A folder with one secret. */
async function filled(): Promise<string> {
  const path = await freshPath();
  const store = open(path);
  await store.write({ name: 'db' }, stored());
  await store.close();
  return path;
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : 'not an error'),
  );
}

const advice = 'Set path to a folder that does not exist yet: it will be created.';

test.each<[string, (path: string) => Promise<unknown>, FileStoreHost, string]>([
  [
    'is a symbolic link',
    async (path) => {
      await mkdir(`${path}-elsewhere`, { mode: 0o700 });
      await symlink(`${path}-elsewhere`, path);
    },
    {},
    'it is a symbolic link. Set path to the target of the link.',
  ],
  ['is a file', (path) => writeFile(path, ''), {}, `it is not a folder. ${advice}`],
  [
    'all users can write to',
    async (path) => {
      await mkdir(path);
      await chmod(path, 0o777);
    },
    {},
    `other users can access it (mode 777). Run chmod 700 on it. ${advice}`,
  ],
  [
    'a group can read',
    async (path) => {
      await mkdir(path);
      await chmod(path, 0o750);
    },
    {},
    'other users can access it (mode 750).',
  ],
  [
    'belongs to another user',
    (path) => mkdir(path, { mode: 0o700 }),
    { uid: 4_711 },
    `but this process runs as user 4711. ${advice}`,
  ],
])('rejects a folder that %s', async (...[, make, host, message]) => {
  const path = await freshPath();
  await make(path);
  const store = open(path, host);
  const events = eventsOf(store);

  const read = await messageOf(store.read({ name: 'db' }));
  expect(read).toContain(message);
  expect(read).not.toContain('..');
  expect(await messageOf(store.write({ name: 'db' }, stored()))).toMatch(
    /^StoreError: 1 change could not be written to file store \S+: Folder \S+ cannot be used for secrets:/u,
  );
  expect(events.map(({ kind }) => kind)).toEqual(['unavailable']);
});

test('uses a rejected folder as soon as it is corrected', async () => {
  const path = await freshPath();
  await mkdir(path);
  await chmod(path, 0o755);
  const store = open(path);
  const events = eventsOf(store);
  await messageOf(store.write({ name: 'db' }, stored()));

  await chmod(path, 0o700);
  await store.write({ name: 'db' }, stored());

  expect(await versionIn(store, 'db')).toBe('v1');
  expect(events.map(({ kind }) => kind)).toEqual(['unavailable', 'recovered']);
});

test('rejects if the folder cannot be created', async () => {
  const path = await freshPath();
  await writeFile(path, '');

  expect(await messageOf(open(join(path, 'below')).read({ name: 'db' }))).toMatch(
    /^StoreError: Secret "db" could not be read from file store \S+: ENOTDIR/u,
  );
});

test('creates the folder again after it was deleted', async () => {
  const path = await filled();
  const store = open(path);
  expect(await versionIn(store, 'db')).toBe('v1');

  await rm(path, { recursive: true });
  await messageOf(store.write({ name: 'db' }, stored()));
  await store.write({ name: 'db' }, stored({ versionId: 'v3' }));

  expect(await versionIn(store, 'db')).toBe('v3');
});

test('stops using a folder that was replaced by a link', async () => {
  const path = await filled();
  const store = open(path);
  expect(await versionIn(store, 'db')).toBe('v1');
  await rename(path, `${path}-before`);
  await mkdir(`${path}-elsewhere`, { mode: 0o777 });
  await symlink(`${path}-elsewhere`, path);

  const first = await messageOf(store.write({ name: 'db' }, stored({ versionId: 'v2' })));
  const second = await messageOf(store.write({ name: 'db' }, stored({ versionId: 'v2' })));

  expect(first).toMatch(/was replaced by another folder while it was in use\. See \S+$/u);
  expect(first.endsWith(errorLink('ERR_STORE'))).toBe(true);
  expect(second).toContain('it is a symbolic link');
  expect(await readdir(`${path}-elsewhere`)).toEqual([]);
});

test('stops using a folder that other users can access', async () => {
  const path = await filled();
  const store = open(path);
  expect(await versionIn(store, 'db')).toBe('v1');
  execFileSync('chmod', ['777', path]);

  expect(await messageOf(store.read({ name: 'db' }))).toContain('other users can access it (mode 777)');
});

test('resolves a relative path when the store is created', async () => {
  const path = await freshPath();
  const elsewhere = dirname(await freshPath());
  const before = process.cwd();
  onTestFinished(() => process.chdir(before));
  process.chdir(dirname(path));
  const store = fileStore({ path: 'secrets', key: firstKey });
  process.chdir(elsewhere);

  await store.write({ name: 'db' }, stored());

  expect(await versionIn(open(path), 'db')).toBe('v1');
  expect(await readdir(elsewhere)).toEqual([]);
});

/** A disk that refuses writes while `isFailing` is set. */
function failingDisk(code: string): FileStoreHost & { isFailing: boolean } {
  const disk = {
    isFailing: true,
    fileSystem: {
      ...nodeFileSystem,
      open: (async (path, flags, mode) => {
        if (disk.isFailing && flags === 'wx') throw Object.assign(new Error(`${code}: no write`), { code });
        return nodeFileSystem.open(path, flags, mode);
      }) as typeof nodeFileSystem.open, // its path has more types than the store uses
    },
  };
  return disk;
}

test.each(['ENOSPC', 'EROFS'])('keeps reading from a disk that fails writes with %s', async (code) => {
  const path = await filled();
  const disk = failingDisk(code);
  const store = open(path, disk);
  const events = eventsOf(store);

  for (const versionId of ['v8', 'v9']) {
    expect(await messageOf(store.write({ name: 'new' }, stored({ versionId })))).toMatch(
      new RegExp(
        `^StoreError: 1 change could not be written to file store \\S+: ${code}: no write\\. ${errorLink('ERR_STORE')}$`,
        'u',
      ),
    );
  }
  expect(await versionIn(store, 'db')).toBe('v1');
  disk.isFailing = false;
  await store.write({ name: 'new' }, stored({ versionId: 'v10' }));

  expect(await versionIn(store, 'new')).toBe('v10');
  expect(events).toEqual([{ kind: 'unavailable', reason: `${code}: no write` }, { kind: 'recovered' }]);
  expect((await readdir(path)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test.each(['read', 'write'])('names the flag where the permission model denies to %s the folder', async (access) => {
  const path = await filled();
  const called: string[] = [];
  const spied = Object.fromEntries(
    (['link', 'readdir', 'rename', 'unlink'] as const).map((name) => [name, async () => called.push(name)]),
  );
  const fileSystem = {
    ...nodeFileSystem,
    ...(access === 'read' ? spied : { ...spied, readdir: nodeFileSystem.readdir }),
  };
  const store = open(path, { fileSystem, permission: { has: (scope) => scope !== `fs.${access}` } });

  const flag = `Start Node with --allow-fs-${access}=${path}/*.`;
  expect(await messageOf(store.write({ name: 'new' }, stored()))).toContain(flag);
  expect(await messageOf(store.removeAll('db'))).toContain(flag);
  expect(await messageOf(store.read({ name: 'db' }))).toContain(access === 'write' ? 'resolved' : flag);
  expect(called).toEqual([]); // in Node 20.19 a denied call ends the process
});

/** The file system, with a record of what makes a write durable, in order. */
function recordSteps(): { readonly steps: string[]; readonly fileSystem: NonNullable<FileStoreHost['fileSystem']> } {
  const steps: string[] = [];
  const fileSystem: NonNullable<FileStoreHost['fileSystem']> = {
    ...nodeFileSystem,
    open: async (...parameters) => {
      const file = await nodeFileSystem.open(...parameters);
      const isFolder = (await file.stat()).isDirectory();
      const sync = file.sync.bind(file);
      file.sync = async () => {
        steps.push(isFolder ? 'sync folder' : 'sync file');
        await sync();
      };
      return file;
    },
    rename: async (...parameters) => {
      steps.push('rename');
      await nodeFileSystem.rename(...parameters);
    },
    link: async (...parameters) => {
      steps.push('link');
      await nodeFileSystem.link(...parameters);
    },
  };
  return { steps, fileSystem };
}

test('syncs a file before it gets its name, and the folder afterwards', async () => {
  const { steps, fileSystem } = recordSteps();

  await open(await freshPath(), { fileSystem }).write({ name: 'db' }, stored());

  expect(steps).toEqual(['sync file', 'rename', 'sync folder']);
});

test('syncs the salt and the folder before the first file depends on it', async () => {
  const { steps, fileSystem } = recordSteps();
  const store = fileStoreWith({ fileSystem }, { path: await freshPath(), passphrase: 's3cret-passphrase' });

  await store.write({ name: 'db' }, stored());

  expect(steps).toEqual(['sync file', 'link', 'sync folder', 'sync file', 'rename', 'sync folder']);
});

test('a write that fails leaves no temporary file', async () => {
  const path = await filled();
  const fileSystem: FileStoreHost['fileSystem'] = {
    ...nodeFileSystem,
    rename: () => Promise.reject(Object.assign(new Error('ENOSPC: full'), { code: 'ENOSPC' })),
  };

  expect(await messageOf(open(path, { fileSystem }).write({ name: 'other' }, stored()))).toContain('ENOSPC');

  expect((await readdir(path)).filter((file) => file.endsWith('.tmp'))).toEqual([]);
});

test('a first write with a passphrase leaves no temporary file', async () => {
  const path = await freshPath();
  const store = fileStore({ path, passphrase: 's3cret-passphrase' });

  await store.write({ name: 'db' }, stored());
  await store.close();

  expect((await readdir(path)).filter((file) => file.endsWith('.tmp'))).toEqual([]);
});

test('deletes a temporary file that a wrong clock dated in the future', async () => {
  const path = await filled();
  const file = join(path, '.0123456789abcdef.tmp');
  await writeFile(file, '');
  const writtenAt = new Date(Date.now() + 11 * 60_000);
  await utimes(file, writtenAt, writtenAt);

  await open(path).read({ name: 'db' });

  expect((await readdir(path)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

// Node 26 disables fsync under its permission model.
test.each([
  ['ERR_ACCESS_DENIED', true],
  ['EIO', false],
])('where fsync fails with %s, a write succeeds: %s', async (code, isWritten) => {
  const path = await freshPath();
  const fileSystem: FileStoreHost['fileSystem'] = {
    ...nodeFileSystem,
    open: async (...parameters) => {
      const file = await nodeFileSystem.open(...parameters);
      file.sync = () => Promise.reject(Object.assign(new Error(`${code}: fsync is disabled`), { code }));
      return file;
    },
  };

  const outcome = await messageOf(open(path, { fileSystem }).write({ name: 'db' }, stored()));

  expect(outcome.replace(/.*: (?=EIO)/u, '')).toBe(
    isWritten ? 'resolved' : `EIO: fsync is disabled. ${errorLink('ERR_STORE')}`,
  );
  expect(await versionIn(open(path), 'db')).toBe(isWritten ? 'v1' : undefined);
});

test('rejects a removal on a full disk, and carries it out when it is repeated', async () => {
  const path = await filled();
  const disk = failingDisk('ENOSPC');
  const store = open(path, disk);

  expect(await messageOf(store.removeAll('db'))).toContain('ENOSPC');
  disk.isFailing = false;
  await store.removeAll('db');

  expect([await versionIn(store, 'db'), await versionIn(open(path), 'db')]).toEqual([undefined, undefined]);
});

/** A folder with `db` and `other` in one file. */
async function filledWithTwo(): Promise<string> {
  const path = await freshPath();
  const store = open(path);
  await Promise.all(['db', 'other'].map((name) => store.write({ name }, stored({ name }))));
  await store.close();
  expect((await readdir(path)).length).toBe(1);
  return path;
}

test.each([
  ['ENOSPC', 'removeAll'],
  ['EDQUOT', 'removeAll'],
  ['ENOSPC', 'remove'],
] as const)('a removal deletes the file if the disk takes no other one: %s, %s', async (code, operation) => {
  const path = await filledWithTwo();
  const store = open(path, failingDisk(code));

  const removal = operation === 'remove' ? store.remove({ name: 'db' }) : store.removeAll('db');
  expect(await messageOf(removal)).toContain(code);

  expect(await versionIn(open(path), 'db')).toBeUndefined();
  // The write queue repeats it. Nothing is left to write.
  expect(await messageOf(store.removeAll('db'))).toBe('resolved');
});

test('a removal keeps the other entries if the deletion of the file frees enough space', async () => {
  const path = await filledWithTwo();
  const fileSystem: FileStoreHost['fileSystem'] = {
    ...nodeFileSystem,
    open: async (...parameters) => {
      const isFull = parameters[1] === 'wx' && (await readdir(path)).some((name) => name.endsWith('.v1'));
      if (isFull) throw Object.assign(new Error('ENOSPC: no write'), { code: 'ENOSPC' });
      return nodeFileSystem.open(...parameters);
    },
  };

  await open(path, { fileSystem }).removeAll('db');

  expect([await versionIn(open(path), 'db'), await versionIn(open(path), 'other')]).toEqual([undefined, 'v1']);
});

test('a removal that fails for another reason than a full disk deletes nothing', async () => {
  const path = await filledWithTwo();

  expect(await messageOf(open(path, failingDisk('EMFILE')).removeAll('db'))).toContain('EMFILE');

  expect(await versionIn(open(path), 'other')).toBe('v1');
});

test('shows no key and no value when it is inspected', async () => {
  const path = await filled();
  const keyring = createKeyring({ passphrase: 's3cret-passphrase' });
  const store = fileStore({ path, keys: [firstKey, { passphrase: 's3cret-passphrase' }] });
  await versionIn(store, 'db');
  const envelope = await keyring.unlock('salt');

  const shown = inspect([store, keyring, envelope], { depth: 20, showHidden: true });

  expect(/s3cret/u.test(shown) || shown.includes(firstKey)).toBe(false);
});

test('a listener that has unsubscribed receives no events', async () => {
  const path = await freshPath();
  await writeFile(path, '');
  const store = open(path);
  const events = eventsOf(store);
  const unsubscribed: string[] = [];
  store.subscribe?.(({ kind }) => unsubscribed.push(kind))();

  expect(await messageOf(store.read({ name: 'db' }))).toContain('it is not a folder');

  expect(events.map(({ kind }) => kind)).toEqual(['unavailable']);
  expect(unsubscribed).toEqual([]);
});
