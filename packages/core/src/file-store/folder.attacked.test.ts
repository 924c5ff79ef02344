// What a hostile reader of the folder of a file store tried, and what it does.
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { fileStore } from './file-store.ts';
import { createKeyring } from '../seal/keyring.ts';
import { firstKey, freshPath, newsOf, stored, versionIn } from '../seal/stored-secret.fixture.ts';

/** A folder with one secret, and a name by which another file of the same key would go. */
async function filled(): Promise<{ readonly path: string; readonly odd: string }> {
  const path = await freshPath();
  const store = fileStore({ path, key: firstKey });
  await store.write({ name: 'db' }, stored());
  await store.close();
  const [file = ''] = await readdir(path);
  return { path, odd: join(path, file.replace(/-.{4}/u, '-0000')) };
}

test.each<[string, (odd: string) => unknown]>([
  ['a folder', (odd) => mkdir(odd)],
  ['a link', (odd) => symlink('/etc/hostname', odd)],
  ['a link to itself', (odd) => symlink(odd, odd)],
  ['a pipe that nobody writes to', (odd) => execFileSync('mkfifo', ['-m', '600', odd])],
  [
    'larger than any of ours',
    async (odd) => {
      await writeFile(odd, '', { mode: 0o600 });
      await truncate(odd, 65 * 1_048_576);
    },
  ],
])('what is %s in place of a file is dropped, and the others are read and written', async (_what, make) => {
  const { path, odd } = await filled();
  await make(odd);
  const store = fileStore({ path, key: firstKey });
  const news = newsOf(store);

  expect(await versionIn(store, 'db')).toBe('v1');
  await store.write({ name: 'api' }, stored({ name: 'api' }));
  await store.removeAll('db');
  await store.close();

  expect(news.map(({ kind }) => kind)).toEqual(['dropped']);
  expect(await versionIn(fileStore({ path, key: firstKey }), 'api')).toBe('v1');
});

test('a folder that is exchanged for a link while it is in use is not used any more', async () => {
  const { path } = await filled();
  const store = fileStore({ path, key: firstKey });
  expect(await versionIn(store, 'db')).toBe('v1');
  await rename(path, `${path}-before`);
  await mkdir(`${path}-elsewhere`, { mode: 0o777 });
  await symlink(`${path}-elsewhere`, path);

  const written = await store.write({ name: 'db' }, stored({ versionId: 'v2' })).catch((error: unknown) => error);
  const again = await store.write({ name: 'db' }, stored({ versionId: 'v2' })).catch((error: unknown) => error);

  expect(String(written)).toMatch(/another folder than before/u);
  expect(String(again)).toMatch(/it is a link to elsewhere/u);
  expect(await readdir(`${path}-elsewhere`)).toEqual([]);
});

test('a folder that is opened to others while it is in use is not used any more', async () => {
  const { path } = await filled();
  const store = fileStore({ path, key: firstKey });
  expect(await versionIn(store, 'db')).toBe('v1');
  execFileSync('chmod', ['777', path]);

  const read = await store.read({ name: 'db' }).catch((error: unknown) => error);

  expect(String(read)).toMatch(/others can get at it \(mode 777\)/u);
});

test('a path that is relative leads where it led when the store was made', async () => {
  const path = await freshPath();
  const before = process.cwd();
  process.chdir(dirname(path));
  const store = fileStore({ path: 'secrets', key: firstKey });
  process.chdir(before);

  await store.write({ name: 'db' }, stored());

  expect(await versionIn(fileStore({ path, key: firstKey }), 'db')).toBe('v1');
});

test('neither a store nor a keyring, nor what it seals with, shows a key or a value', async () => {
  const { path } = await filled();
  const keyring = createKeyring({ passphrase: 's3cret-passphrase' });
  const store = fileStore({ path, keys: [firstKey, { passphrase: 's3cret-passphrase' }] });
  await versionIn(store, 'db');
  const envelope = await keyring.unlock('salt');

  const shown = inspect([store, keyring, envelope], { depth: 20, showHidden: true });

  expect(/s3cret/u.test(shown) || shown.includes(firstKey)).toBe(false);
});
