import { readdir, readFile } from 'node:fs/promises';
import * as nodeFiles from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { FakeClock, FakeStore, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { createSecretClient } from '../create-client.ts';
import { fileStoreWith } from '../file-store/file-store.ts';
import { decodePack } from '../file-store/pack.ts';
import type { SecretStore } from '../ports/store.ts';
import { firstKey, freshPath, stored, versionIn } from '../seal/stored-secret.fixture.ts';

function setup(
  store: SecretStore,
  clock: FakeClock,
): { kms: FakeTransport; client: ReturnType<typeof createSecretClient> } {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  return { kms, client: createSecretClient({ endpoints: [kms], clock, retry: { maxAttempts: 1 }, stores: store }) };
}

test('does not serve an invalidated version while its removal is pending', async () => {
  const [clock, store] = [new FakeClock(), new FakeStore()];
  const { kms, client } = setup(store, clock);
  const previous = { name: 'db', stage: 'ACSPrevious', versionId: undefined };
  store.put(previous, stored({ versionId: 'v0', stages: ['ACSPrevious'], fetchedAt: clock.date() }));
  store.fail('throw', 'write', 'remove', 'removeAll');
  void client.invalidate('db');
  await clock.pass('1s');
  await client.get('db');
  await clock.pass('1s');
  kms.fail('unreachable');

  await expect(client.get('db', { stage: 'ACSPrevious' })).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  expect(store.peek(previous)).toBeDefined();
  store.heal();
  await clock.pass('2m');

  expect(store.peek(previous)).toBeUndefined();
  expect(store.peek({ name: 'db', stage: 'ACSCurrent' })).toMatchObject({ versionId: 'v1' });
});

test('carries out a removal once that waited for a read-only folder', async () => {
  const path = await freshPath();
  // The disk is real: time must not pass before its operations have completed.
  const clock = new FakeClock({ settle: () => setTimeout(20) });
  const disk = { isReadOnly: false, commits: 0 };
  const files = {
    ...nodeFiles,
    open: (async (file, flags, mode) => {
      if (disk.isReadOnly && flags === 'wx') throw Object.assign(new Error('EROFS: read-only'), { code: 'EROFS' });
      return nodeFiles.open(file, flags, mode);
    }) as typeof nodeFiles.open, // its path has more types than the store uses
    rename: async (from: string, to: string) => {
      disk.commits += 1;
      await nodeFiles.rename(from, to);
    },
  };
  const store = fileStoreWith({ fileSystem: files as typeof nodeFiles }, { path, key: firstKey, clock });
  const { kms, client } = setup(store, clock);
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone()) await clock.pass(100);
  };
  const isWritten = (): boolean => client.describe().stores[0]?.queued === 0;
  await client.get('db');
  await until(isWritten);
  disk.isReadOnly = true;
  disk.commits = 0;

  void client.invalidate('db');
  kms.fail('unreachable');
  await until(() => client.describe().stores[0]?.state === 'unavailable');
  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  expect(await versionIn(fileStoreWith({}, { path, key: firstKey }), { name: 'db', stage: 'ACSCurrent' })).toBe('v1');
  disk.isReadOnly = false;
  await until(isWritten);
  await client.close();

  const packs = await Promise.all((await readdir(path)).map((file) => readFile(join(path, file))));
  const records = packs.flatMap((bytes) => decodePack(bytes).records);
  expect(disk.commits).toBe(1);
  expect(records.map(({ kind, generation }) => `${kind} ${generation}`)).toEqual(['removedAll 1']);
});
