import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FakeClock } from '@kms-secrets/testing';
import { describeStore } from '@kms-secrets/testing/contracts';
import { expect, test } from 'vitest';
import { ConfigurationError } from '../secret/errors.ts';
import type { SecretStore } from '../ports/store.ts';
import { fileStore } from './file-store.ts';
import type { FileStoreOptions } from './file-store.ts';
import { readPack } from './pack.ts';
import { firstKey, freshPath, newsOf, secondKey, stored, versionIn, writeRaw } from '../seal/stored-secret.fixture.ts';

describeStore('the file store', async () => fileStore({ path: await freshPath(), key: firstKey }));

/** Two processes on one folder, as far as the folder can tell. */
async function two(
  options: Partial<FileStoreOptions> = {},
): Promise<{ path: string; one: SecretStore; other: SecretStore }> {
  const path = await freshPath();
  const open = (): SecretStore => fileStore({ path, key: firstKey, ...options });
  return { path, one: open(), other: open() };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('what one process wrote the next one reads', async () => {
  const { one, other } = await two();

  await one.write({ name: 'db' }, stored());
  await one.close();

  expect((await other.read({ name: 'db' }))?.value === 's3cret-one').toBe(true);
});

test('nothing on the disk shows a name or a value, and nobody else can read it', async () => {
  const { path, one } = await two();

  await one.write({ name: 'prod/db' }, stored({ name: 'prod/db' }));

  const [file = ''] = await readdir(path);
  const bytes = await readFile(join(path, file));
  const modes = await Promise.all([stat(path), stat(join(path, file))]);
  expect(file).toMatch(/^[\da-f]{16}-[\da-f]{16}\.v1$/u);
  expect([bytes.includes('s3cret'), bytes.includes('prod')]).toEqual([false, false]);
  expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['700', '600']);
});

test('what is written at the same time is one file', async () => {
  const { path, one, other } = await two();

  await Promise.all(
    numbers(1_000).map((number) => one.write({ name: `n${number}` }, stored({ versionId: `v${number}` }))),
  );

  expect(await readdir(path)).toHaveLength(1);
  expect(await versionIn(other, 'n999')).toBe('v999');
});

test('files do not become many, however often something is written', async () => {
  const { path, one, other } = await two();

  for (const number of numbers(50)) await one.write({ name: `n${number}` }, stored({ versionId: `v${number}` }));
  await one.close();

  expect((await readdir(path)).length).toBeLessThanOrEqual(8);
  expect(await Promise.all(numbers(50).map((number) => versionIn(other, `n${number}`)))).toEqual(
    numbers(50).map((number) => `v${number}`),
  );
});

test('of two processes that write one secret the newest answer stays, whoever was first', async () => {
  const { one, other } = await two();

  await Promise.all([
    one.write({ name: 'db' }, stored({ fetchedAt: 2_000, versionId: 'newer' })),
    other.write({ name: 'db' }, stored({ fetchedAt: 1_000, versionId: 'older' })),
  ]);
  await other.write({ name: 'db' }, stored({ fetchedAt: 1_500, versionId: 'between' }));

  expect([await versionIn(one, 'db'), await versionIn(other, 'db')]).toEqual(['newer', 'newer']);
});

test('an answer from an hour ahead, by a clock that was wrong, is replaced', async () => {
  const clock = new FakeClock();
  const { one } = await two({ clock });
  await one.write({ name: 'db' }, stored({ fetchedAt: clock.date(), versionId: 'ahead' }));

  clock.setDate(clock.date() - 3_600_000);
  await one.write({ name: 'db' }, stored({ fetchedAt: clock.date(), versionId: 'now' }));

  expect(await versionIn(one, 'db')).toBe('now');
});

test('what one process removes is gone for all, and from the disk', async () => {
  const { path, one, other } = await two();
  await other.write({ name: 'db' }, stored());
  await other.write({ name: 'other' }, stored());
  const before = await sizeOf(path);

  await one.removeAll('db');

  expect([await versionIn(other, 'db'), await versionIn(other, 'other')]).toEqual([undefined, 'v1']);
  expect(await sizeOf(path)).toBeLessThan(before);
});

test('a copy of a file that was there before a removal does not bring the secret back', async () => {
  const { path, one, other } = await two();
  await one.write({ name: 'db' }, stored());
  const [file = ''] = await readdir(path);
  const copy = await readFile(join(path, file));
  await other.remove({ name: 'db' });

  await writeRaw(path, file, copy);
  expect(await versionIn(one, 'db')).toBeUndefined();

  await one.write({ name: 'db' }, stored({ fetchedAt: 1, versionId: 'allowed again' }));
  expect(await versionIn(other, 'db')).toBe('allowed again');
});

test('the note of a removal goes after a day', async () => {
  const clock = new FakeClock();
  const { path, one, other } = await two({ clock });
  const kinds = async (): Promise<string[]> => {
    const packs = await Promise.all((await readdir(path)).map((file) => readFile(join(path, file))));
    return packs.flatMap((bytes) => readPack(bytes).lines.map(({ kind }) => kind)).toSorted();
  };
  await one.write({ name: 'db' }, stored());
  await one.remove({ name: 'db' });
  await one.write({ name: 'other' }, stored());
  // Files that were merged are taken away after a write has ended, and by the end of the store.
  await one.close();
  expect(await kinds()).toEqual(['removed', 'secret']);

  clock.setDate(clock.date() + 90_000_000);
  await other.write({ name: 'third' }, stored());
  await other.close();

  expect(await kinds()).toEqual(['secret', 'secret']);
});

test('a new key opens the old files while it is in the list, and what is written then needs the old one no more', async () => {
  const { path, one } = await two();
  await one.write({ name: 'db' }, stored());
  await one.write({ name: 'gone' }, stored());
  await one.remove({ name: 'gone' });

  const rotating = fileStore({ path, keys: [secondKey, firstKey] });
  expect(await versionIn(rotating, 'db')).toBe('v1');
  await rotating.write({ name: 'api' }, stored());

  const after = fileStore({ path, key: secondKey });
  expect([await versionIn(after, 'db'), await versionIn(after, 'api'), await versionIn(after, 'gone')]).toEqual([
    'v1',
    'v1',
    undefined,
  ]);
});

test('a passphrase opens what another process has sealed with it', async () => {
  const { one, other } = await two({ key: undefined, passphrase: 's3cret-passphrase' });

  await Promise.all([one.write({ name: 'a' }, stored()), other.write({ name: 'b' }, stored())]);

  expect([await versionIn(one, 'b'), await versionIn(other, 'a')]).toEqual(['v1', 'v1']);
}, 30_000);

test('two processes with different keys on one folder see each only their own, and leave the other’s alone', async () => {
  const path = await freshPath();
  const [one, other] = [fileStore({ path, key: firstKey }), fileStore({ path, key: secondKey })];
  const news = newsOf(other);
  await one.write({ name: 'db' }, stored({ versionId: 'one' }));

  expect(await versionIn(other, 'db')).toBeUndefined();
  await other.write({ name: 'db' }, stored({ versionId: 'other' }));
  await other.removeAll('db');

  expect(await versionIn(one, 'db')).toBe('one');
  expect(news).toEqual([
    { kind: 'dropped', name: undefined, reason: expect.stringContaining('left to their owner') as string },
  ]);
});

test('what was seen is forgotten after a while, and no timer is left when the store is closed', async () => {
  const clock = new FakeClock();
  const { one } = await two({ clock });
  await one.write({ name: 'db' }, stored());
  expect(clock.pendingTimers).toBe(1);

  await clock.pass('10s');
  expect([clock.pendingTimers, await versionIn(one, 'db')]).toEqual([0, 'v1']);

  await one.close();
  expect(clock.pendingTimers).toBe(0);
});

test('what was being written when it was closed is written', async () => {
  const { one, other } = await two();

  const writing = one.write({ name: 'db' }, stored());
  await one.close();
  await writing;

  expect(await versionIn(other, 'db')).toBe('v1');
});

test.each([undefined, '', ' ', 'a\0b', 7])('%j is no path', (path) => {
  const make = (): unknown => fileStore({ path: path as string, key: 'too short' });

  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(/2 errors\):\n {2}- path \(option\): expected the path of a folder[^]*- key \(option\)/u);
});

async function sizeOf(path: string): Promise<number> {
  const files = await readdir(path);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(path, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
