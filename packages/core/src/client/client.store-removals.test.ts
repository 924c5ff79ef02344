import { readdir, readFile } from 'node:fs/promises';
import * as nodeFiles from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FakeClock, FakeStore } from '@kms-secrets/testing';
import { describe, expect, test } from 'vitest';
import { fileStoreWith } from '../file-store/file-store.ts';
import { decodePack } from '../file-store/pack.ts';
import type { SecretStore, StoredSecret } from '../ports/store.ts';
import { firstKey, freshPath, versionIn } from '../seal/stored-secret.fixture.ts';
import type { Secret } from '../secret/secret.ts';
import { maybeSameSecret } from '../secret/secret-name.ts';
import {
  dbRequest,
  deferred,
  hour,
  ownArn,
  secretsOfOneName,
  setUpClientWithStore,
  setUpFleet,
  storedSecret,
} from './client.fixture.ts';
import type { ClientFixture, ClientFixtureOptions } from './client.fixture.ts';

test.each([
  ['denied', 'removeAll db'],
  ['disabled', 'removeAll db'],
  ['notFound', 'remove db'],
] as const)('removes a secret that KMS refuses (%s) from every store', async (failure, operation) => {
  const stores = [new FakeStore(), new FakeStore()];
  const { client, clock, kms } = setUpClientWithStore({ stores });
  await client.get('db');
  await clock.pass(0);
  kms.fail(failure);

  await client.refresh('db').catch(() => {});
  await clock.pass(0);

  expect(stores.map(({ size }) => size)).toEqual([0, 0]);
  expect(stores[0]?.operations).toContain(operation);
});

test('does not copy a value to other stores that a listener invalidates as it arrives', async () => {
  const file = new FakeStore();
  const redis = new FakeStore({ isShared: true });
  const { client, clock } = setUpClientWithStore({ stores: [file, redis] });
  await client.get('db');
  await clock.pass('1s');
  client.on('refreshed', () => queueMicrotask(() => void client.invalidate('db')));

  redis.put(dbRequest, storedSecret(clock, { versionId: 'v2' }));
  redis.emit({ kind: 'written', request: dbRequest, fetchedAt: clock.date() });
  await clock.pass(0);

  expect(redis.operations).toContain('removeAll db');
  expect([file.size, redis.size]).toEqual([0, 0]);
});

test('removes a refused secret under its name and its ARN, in every stage', async () => {
  const { client, clock, kms, store } = setUpClientWithStore();
  kms.put(ownArn, 'v1', { name: 'db' });
  await client.get(ownArn);
  await client.get('db');
  await client.get('db', { stage: 'ACSPrevious' });
  await clock.pass(0);
  expect(store.size).toBe(3);
  kms.fail('denied');

  await client.refresh('db').catch(() => {});
  await clock.pass(0);
  expect(store.size).toBe(1);
  // KMS is requested for the ARN, which may be that of another account.
  await clock.pass('10s');

  expect(store.size).toBe(0);
});

test.each(secretsOfOneName)('a refusal of %s removes nothing of %s from the store', async (refused, other) => {
  const { client, clock, kms, store } = setUpClientWithStore();
  kms.put(other, 'v1', { name: 'db' });
  await client.get(other);
  await clock.pass(0);
  kms.fail('denied', refused);

  await client.get(refused).catch(() => {});
  await clock.pass(0);

  expect(store.size).toBe(1);
  expect(store.operations).not.toContain(`removeAll ${other}`);
});

test.each(secretsOfOneName)('a stored %s is served after a restart and a refusal of %s', async (other, refused) => {
  const { client, clock, kms, store } = setUpClientWithStore();
  store.put({ ...dbRequest, name: other }, storedSecret(clock));
  kms.fail('denied', refused);
  await client.get(refused).catch(() => {});
  kms.fail('unreachable');

  expect((await client.get(other)).stale).toBe(maybeSameSecret(refused, other));
});

test('requests KMS for a stored secret after a refusal of its ARN', async () => {
  const { client, clock, kms, store } = setUpClientWithStore();
  store.put(dbRequest, storedSecret(clock));
  kms.fail('denied');
  await client.get(ownArn).catch(() => {});

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
});

test.each([
  ['db', ownArn],
  [ownArn, 'db'],
])('after invalidate() of %s no store serves %s', async (name, other) => {
  const { client, clock, kms, store } = setUpClientWithStore();
  store.put({ ...dbRequest, name: other }, storedSecret(clock));
  await client.invalidate(name);
  kms.fail('unreachable');

  await expect(client.get(other)).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
});

test('invalidate() removes the secret from the store', async () => {
  const { client, clock, store } = setUpClientWithStore();
  await client.get('db');
  await clock.pass(0);

  void client.invalidate('db');
  await clock.pass(0);

  expect(store.size).toBe(0);
});

test('does not serve a refused secret while its removal is pending', async () => {
  const { client, clock, kms, store } = setUpClientWithStore();
  await client.get('db');
  await clock.pass(0);
  store.fail('throw', 'remove', 'removeAll');
  kms.fail('denied');
  await client.refresh('db').catch(() => {});
  await clock.pass('20s');
  kms.fail('unreachable');

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  expect(store.size).toBe(1);
  store.heal();
  await clock.pass('2m');

  expect(store.size).toBe(0);
});

test('does not serve a refused secret after the calendar was set back', async () => {
  const { client, clock, kms, store } = setUpClientWithStore();
  await client.get('db');
  await clock.pass('1m');
  clock.setDate(clock.date() - hour);
  store.fail('throw', 'remove', 'removeAll');
  kms.fail('denied');
  await client.refresh('db').catch(() => {});
  await clock.pass('20s');
  kms.fail('unreachable');

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
});

test('does not serve a refused value that another process stores again', async () => {
  const { clock, kms, shared, process } = setUpFleet(1, { retry: { maxAttempts: 1 } });
  const { client } = process(0);
  await client.get('db');
  await clock.pass('1s');
  const entry = shared.peek(dbRequest) as StoredSecret;
  kms.fail('denied');
  await client.refresh('db').catch(() => {});
  await clock.pass('20s');
  expect(shared.size).toBe(0);

  // Its write was queued before the refusal.
  await shared.write(dbRequest, entry);
  await clock.pass('1s');
  kms.fail('unreachable');

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
});

test('a value invalidated during hook.transform is neither cached nor copied', async () => {
  const clock = new FakeClock();
  const first = new FakeStore();
  const second = new FakeStore();
  second.put(dbRequest, storedSecret(clock));
  const transformed = deferred();
  const hook = { transform: (secret: Secret) => transformed.promise.then(() => secret) };
  const { client } = setUpClientWithStore({ clock, stores: [first, second], hook });
  const read = client.get('db');
  await clock.pass(0);

  void client.invalidate('db');
  transformed.resolve();
  await read;
  await clock.pass('1s');

  expect(client.peek('db')).toBeUndefined();
  expect([first.size, second.size]).toEqual([0, 0]);
});

test('a value of another process refused during hook.transform is not cached', async () => {
  const transformed = deferred();
  let isSlow = false;
  const hook = {
    transform: (secret: Secret): Secret | Promise<Secret> => (isSlow ? transformed.promise.then(() => secret) : secret),
  };
  const { clock, kms, shared, process } = setUpFleet(1, { hook, retry: { maxAttempts: 1 } });
  const { client } = process(0);
  await client.get('db');
  await clock.pass('1m');
  isSlow = true;
  await shared.write(dbRequest, storedSecret(clock));
  await clock.pass('1s');
  kms.fail('denied');

  await client.refresh('db').catch(() => {});
  transformed.resolve();
  await clock.pass('1s');

  expect(client.peek('db')).toBeUndefined();
  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
});

describe('after KMS has refused a secret to another process', () => {
  /** A client whose own store has the secret, and the Redis that it shares with the other process. */
  function setUp(options: ClientFixtureOptions = {}): ClientFixture & { readonly redis: FakeStore } {
    const clock = new FakeClock();
    const file = new FakeStore();
    const redis = new FakeStore({ isShared: true, clock });
    file.put(dbRequest, storedSecret(clock, { age: hour / 2 }));
    return { ...setUpClientWithStore({ clock, stores: [file, redis], ...options }), redis };
  }

  test('requests KMS although a store of its own has a fresh value', async () => {
    const { client, kms, redis } = setUp();
    kms.fail('denied');

    await redis.join('another').removeAll('db');

    await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
  });

  test('trusts the stores again after another process has written the secret', async () => {
    const { client, clock, kms, redis } = setUp();
    const another = redis.join('another');
    await another.removeAll('db');
    await clock.pass('1m');

    // The calendar of that process is two minutes slow.
    await another.write(dbRequest, storedSecret(clock, { age: 120_000 }));
    kms.fail('denied');

    expect(await client.get('db')).toMatchObject({ versionId: 'v0', stale: false });
    expect(kms.requests).toEqual([]);
  });

  test('trusts the stores again after it has fetched the secret itself', async () => {
    const { client, clock, kms, redis } = setUp({ names: ['db', 'other'], limits: { maxEntries: 1 } });
    await redis.join('another').removeAll('db');
    // The fetch has an earlier date than the removal.
    clock.setDate(clock.date() - hour);
    await client.get('db');
    await client.get('other');
    expect(client.peek('db')).toBeUndefined();
    kms.fail('denied');

    expect(await client.get('db')).toMatchObject({ versionId: 'v1', stale: false });
  });

  // The other process may have fewer permissions.
  test('serves the value of its own store as stale while KMS is unavailable', async () => {
    const { client, kms, redis } = setUp();
    kms.fail('unreachable');

    await redis.join('another').removeAll('db');

    expect(await client.get('db')).toMatchObject({ versionId: 'v0', stale: true });
  });
});

test('does not serve an invalidated version while its removal is pending', async () => {
  const { client, clock, kms, store } = setUpClientWithStore();
  const previous = { name: 'db', stage: 'ACSPrevious', versionId: undefined };
  store.put(previous, storedSecret(clock, { stages: ['ACSPrevious'] }));
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
  expect(store.peek(dbRequest)).toMatchObject({ versionId: 'v1' });
});

test('carries out a removal once that waited for a read-only folder', async () => {
  const path = await freshPath();
  // The disk is real: time must not pass before its operations have completed.
  const running = new Set<Promise<unknown>>();
  const counted = <Value>(operation: Promise<Value>): Promise<Value> => {
    running.add(operation);
    const end = (): boolean => running.delete(operation);
    operation.then(end, end);
    return operation;
  };
  const settle = async (): Promise<void> => {
    do await nextTurn();
    while (running.size > 0);
  };
  const clock = new FakeClock({ settle });
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
  const onDisk = fileStoreWith({ fileSystem: files as typeof nodeFiles }, { path, key: firstKey, clock });
  const store: SecretStore = {
    name: onDisk.name,
    read: (request) => counted(onDisk.read(request)),
    write: (request, secret) => counted(onDisk.write(request, secret)),
    remove: (request) => counted(onDisk.remove(request)),
    removeAll: (name) => counted(onDisk.removeAll(name)),
    close: () => onDisk.close(),
  };
  const { client, kms } = setUpClientWithStore({ clock, stores: store });
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
  const records = packs.flatMap((bytes) => decodePack(bytes, 1).records);
  expect(disk.commits).toBe(1);
  expect(records.map(({ kind, generation }) => `${kind} ${generation}`)).toEqual(['removedAll 1']);
});
