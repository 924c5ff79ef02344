import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FakeClock } from '@kms-secrets/testing';
import { describeStore } from '@kms-secrets/testing/contracts';
import { expect, test } from 'vitest';
import { ConfigurationError } from '../secret/errors.ts';
import type { SecretStore } from '../ports/store.ts';
import { fileStore } from './file-store.ts';
import type { FileStoreOptions } from './file-store.ts';
import { decodePack } from './pack.ts';
import {
  firstKey,
  freshPath,
  eventsOf,
  secondKey,
  stored,
  versionIn,
  writeRaw,
} from '../seal/stored-secret.fixture.ts';

describeStore('the file store', async () => fileStore({ path: await freshPath(), key: firstKey }));

/** Two stores on one folder, as in two processes. */
async function pair(
  options: Partial<FileStoreOptions> = {},
): Promise<{ path: string; one: SecretStore; other: SecretStore }> {
  const path = await freshPath();
  const open = (): SecretStore => fileStore({ path, key: firstKey, ...options });
  return { path, one: open(), other: open() };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('reads what an earlier process wrote', async () => {
  const { one, other } = await pair();

  await one.write({ name: 'db' }, stored());
  await one.close();

  expect((await other.read({ name: 'db' }))?.value === 's3cret-one').toBe(true);
});

test('hides names and values on the disk, and makes files private', async () => {
  const { path, one } = await pair();

  await one.write({ name: 'prod/db' }, stored({ name: 'prod/db' }));

  const [file = ''] = await readdir(path);
  const bytes = await readFile(join(path, file));
  const modes = await Promise.all([stat(path), stat(join(path, file))]);
  expect(file).toMatch(/^[\da-f]{16}-[\da-f]{16}\.v1$/u);
  expect([bytes.includes('s3cret'), bytes.includes('prod')]).toEqual([false, false]);
  expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['700', '600']);
});

test('writes concurrent changes into one file', async () => {
  const { path, one, other } = await pair();

  await Promise.all(
    numbers(1_000).map((number) => one.write({ name: `n${number}` }, stored({ versionId: `v${number}` }))),
  );

  expect(await readdir(path)).toHaveLength(1);
  expect(await versionIn(other, 'n999')).toBe('v999');
});

test('merges files, so that many writes leave at most eight', async () => {
  const { path, one, other } = await pair();

  for (const number of numbers(50)) await one.write({ name: `n${number}` }, stored({ versionId: `v${number}` }));
  await one.close();

  expect((await readdir(path)).length).toBeLessThanOrEqual(8);
  expect(await Promise.all(numbers(50).map((number) => versionIn(other, `n${number}`)))).toEqual(
    numbers(50).map((number) => `v${number}`),
  );
});

test('keeps the latest fetch of two processes, in any order of writes', async () => {
  const { one, other } = await pair();

  await Promise.all([
    one.write({ name: 'db' }, stored({ fetchedAt: 2_000, versionId: 'newer' })),
    other.write({ name: 'db' }, stored({ fetchedAt: 1_000, versionId: 'older' })),
  ]);
  await other.write({ name: 'db' }, stored({ fetchedAt: 1_500, versionId: 'between' }));

  expect([await versionIn(one, 'db'), await versionIn(other, 'db')]).toEqual(['newer', 'newer']);
});

test('replaces an entry that a wrong clock dated an hour ahead', async () => {
  const clock = new FakeClock();
  const { one } = await pair({ clock });
  await one.write({ name: 'db' }, stored({ fetchedAt: clock.date(), versionId: 'ahead' }));

  clock.setDate(clock.date() - 3_600_000);
  await one.write({ name: 'db' }, stored({ fetchedAt: clock.date(), versionId: 'now' }));

  expect(await versionIn(one, 'db')).toBe('now');
});

test('removes a secret for all processes, and from the disk', async () => {
  const { path, one, other } = await pair();
  await other.write({ name: 'db' }, stored());
  await other.write({ name: 'other' }, stored());
  const before = await sizeOf(path);

  await one.removeAll('db');

  expect([await versionIn(other, 'db'), await versionIn(other, 'other')]).toEqual([undefined, 'v1']);
  expect(await sizeOf(path)).toBeLessThan(before);
});

test('does not restore a removed secret from a copy of its file', async () => {
  const { path, one, other } = await pair();
  await one.write({ name: 'db' }, stored());
  const [file = ''] = await readdir(path);
  const copy = await readFile(join(path, file));
  await other.remove({ name: 'db' });

  await writeRaw(path, file, copy);
  expect(await versionIn(one, 'db')).toBeUndefined();

  await one.write({ name: 'db' }, stored({ fetchedAt: 1, versionId: 'allowed again' }));
  expect(await versionIn(other, 'db')).toBe('allowed again');
});

/** The kinds of the records in a folder with a removed secret and two others, of which the last was written `ms` after the removal. */
async function recordsAfter(ms: number): Promise<string[]> {
  const clock = new FakeClock();
  const { path, one, other } = await pair({ clock });
  await one.write({ name: 'db' }, stored());
  await one.remove({ name: 'db' });
  await one.write({ name: 'other' }, stored());
  // Merged files are deleted after the write has resolved; `close` waits for it.
  await one.close();
  clock.setDate(clock.date() + ms);
  await other.write({ name: 'third' }, stored());
  await other.close();
  const packs = await Promise.all((await readdir(path)).map((file) => readFile(join(path, file))));
  return packs.flatMap((bytes) => decodePack(bytes, 1).records.map(({ kind }) => kind)).toSorted();
}

test('deletes a tombstone after a day', async () => {
  expect(await recordsAfter(23 * 3_600_000)).toEqual(['removed', 'secret', 'secret']);
  expect(await recordsAfter(25 * 3_600_000)).toEqual(['secret', 'secret']);
});

test('deletes a tombstone that a wrong clock dated in the future', async () => {
  expect(await recordsAfter(-25 * 3_600_000)).toEqual(['secret', 'secret']);
});

test('reseals old entries with the first key, so that the old key can be removed', async () => {
  const { path, one } = await pair();
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

test('derives the same key from a passphrase in every process', async () => {
  const { one, other } = await pair({ key: undefined, passphrase: 's3cret-passphrase' });

  await Promise.all([one.write({ name: 'a' }, stored()), other.write({ name: 'b' }, stored())]);

  expect([await versionIn(one, 'b'), await versionIn(other, 'a')]).toEqual(['v1', 'v1']);
});

test('ignores the files of processes with another key', async () => {
  const path = await freshPath();
  const [one, other] = [fileStore({ path, key: firstKey }), fileStore({ path, key: secondKey })];
  const events = eventsOf(other);
  await one.write({ name: 'db' }, stored({ versionId: 'one' }));

  expect(await versionIn(other, 'db')).toBeUndefined();
  await other.write({ name: 'db' }, stored({ versionId: 'other' }));
  await other.removeAll('db');

  expect(await versionIn(one, 'db')).toBe('one');
  expect(events).toEqual([
    {
      kind: 'foreignKeys',
      keyIds: one.keyIds,
      reason:
        `files of the key ${one.keyIds?.join()} are ignored, because this process has only ${other.keyIds?.join()}. ` +
        'Set the same key in all processes, or delete files that begin with the id of a key that none of them has',
    },
  ]);
});

test('reports when the files of another key are gone', async () => {
  const path = await freshPath();
  const [one, other] = [fileStore({ path, key: firstKey }), fileStore({ path, key: secondKey })];
  const events = eventsOf(other);
  await one.write({ name: 'db' }, stored());
  await other.read({ name: 'db' });
  await other.read({ name: 'db' });
  for (const file of await readdir(path)) await rm(join(path, file));
  await other.read({ name: 'db' });

  expect(events.flatMap((event) => (event.kind === 'foreignKeys' ? [event.keyIds.length] : []))).toEqual([1, 0]);
});

test('the first read reseals the entries of an old key once, also if nothing is written', async () => {
  const { path, one } = await pair();
  await one.write({ name: 'db' }, stored());
  const rotating = fileStore({ path, keys: [secondKey, firstKey] });
  await rotating.read({ name: 'db' });
  await rotating.close();
  const filesOf = async (keyId = ''): Promise<number> =>
    (await readdir(path)).filter((file) => file.startsWith(keyId)).length;
  const afterFirst = [await filesOf(rotating.keyIds?.[0]), await filesOf(rotating.keyIds?.[1])];

  expect(afterFirst).toEqual([1, 0]);
  expect(await versionIn(fileStore({ path, key: secondKey }), 'db')).toBe('v1');
});

test('a process reseals once by reading: another one may still seal with the old key', async () => {
  const { path } = await pair();
  const [rotated, late] = [
    fileStore({ path, keys: [secondKey, firstKey] }),
    fileStore({ path, keys: [firstKey, secondKey] }),
  ];
  await late.write({ name: 'db' }, stored());
  await rotated.read({ name: 'db' });
  await rotated.remove({ name: 'no such secret' }); // after the commit of the read
  await late.write({ name: 'db' }, stored({ fetchedAt: stored().fetchedAt + 1 }));
  await rotated.read({ name: 'db' });
  await rotated.close();

  const keyIds = (await readdir(path)).map((file) => file.slice(0, 16));
  expect(keyIds).toEqual([late.keyIds?.[0]]);
});

test('frees its cache after 10 s, and leaves no timer when it is closed', async () => {
  const clock = new FakeClock();
  const { one } = await pair({ clock });
  await one.write({ name: 'db' }, stored());
  expect(clock.pendingTimers).toBe(1);

  await clock.pass('10s');
  expect([clock.pendingTimers, await versionIn(one, 'db')]).toEqual([0, 'v1']);

  await one.close();
  expect(clock.pendingTimers).toBe(0);
});

test('completes a running write when it is closed', async () => {
  const { one, other } = await pair();

  const writing = one.write({ name: 'db' }, stored());
  await one.close();
  await writing;

  expect(await versionIn(other, 'db')).toBe('v1');
});

test.each([undefined, '', ' ', 'a\0b', 7])('rejects the path %j', (path) => {
  const make = (): unknown => fileStore({ path: path as string, key: 'too short' });

  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(
    /2 errors\):\n {2}- path \(option\): expected the path of a folder for encrypted secrets[^]*- key \(option\)/u,
  );
});

test('rejects a misspelt option with the one that it resembles', () => {
  const make = (): unknown => fileStore({ path: '/tmp/x', passprase: 's3cret-misspelt' } as never);

  expect(make).toThrow(
    /passprase \(fileStore\(\)\): expected one of the options path, .*; did you mean "passphrase"\?/u,
  );
  expect(make).toThrow(expect.not.objectContaining({ message: expect.stringContaining('s3cret') }));
});

async function sizeOf(path: string): Promise<number> {
  const files = await readdir(path);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(path, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
