import { chmod, mkdir } from 'node:fs/promises';
import * as nodeFileSystem from 'node:fs/promises';
import { FakeClock, FakeStore } from '@kms-secrets/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileStoreWith } from '../file-store/file-store.ts';
import type { SecretStore, StoredSecret, StoreEvent } from '../ports/store.ts';
import { firstKey, freshPath } from '../seal/stored-secret.fixture.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { sleep } from '../time/clock.ts';
import {
  dbRequest,
  deferred,
  setUpClient,
  setUpClientWithStore,
  setUpFleet,
  storedSecret,
  storeEvents,
} from './client.fixture.ts';

test('a first read waits at most storeTimeout for a store that hangs', async () => {
  const { client, clock, store } = setUpClientWithStore({ storeTimeout: '200ms' });
  store.fail('hang');
  const first = client.get('db');

  await clock.pass(199);
  expect(client.peek('db')).toBeUndefined();
  await clock.pass(1);

  expect((await first).versionId).toBe('v1');
  // A later read does not wait: the clock stands still.
  expect((await client.get('db')).versionId).toBe('v1');
  expect(client.peek('db')?.versionId).toBe('v1');
});

test('stores that hang take at most half of the deadline', async () => {
  const clock = new FakeClock();
  const stores = [new FakeStore(), new FakeStore(), new FakeStore({ isShared: true, clock })];
  for (const store of stores) store.fail('hang');
  const { client } = setUpClientWithStore({ clock, stores, deadline: '1s' });
  const read = client.get('db');
  read.catch(() => {});

  await clock.pass('1s');

  expect((await read).versionId).toBe('v1');
});

test('skips a store after three failures and probes it again later', async () => {
  const fixture = setUpClientWithStore({ names: ['a', 'b', 'c', 'd', 'e'] });
  const { client, clock, store } = fixture;
  store.fail('hang', 'read');
  for (const name of ['a', 'b', 'c']) {
    const read = client.get(name);
    await clock.pass(500);
    await read;
  }

  expect((await client.get('d')).versionId).toBe('v1');
  expect(store.operations).not.toContain('read d');
  // Writes have not failed and go on.
  expect(store.peek({ ...dbRequest, name: 'd' })).toBeDefined();
  expect(storeEvents(fixture)).toEqual(['failed read a', 'unavailable read c']);
  expect(client.stats().storeFailures).toBe(3);
  store.heal();
  await clock.pass('1s');
  await client.get('e');
  expect(store.operations).toContain('read e');
  expect(storeEvents(fixture).at(-1)).toBe('recovered');
});

test('close() rejects a read that waits for a store', async () => {
  const fixture = setUpClientWithStore();
  const { client, clock, store } = fixture;
  store.fail('hang');
  const read = client.get('db').catch((error: unknown) => error);
  await clock.pass(0);

  const closing = client.close();

  expect(await read).toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
  await clock.pass('1s');
  await closing;
  expect(storeEvents(fixture)).toEqual([]);
});

test('ignores a store that fails after its timeout', async () => {
  const { client, clock, store } = setUpClientWithStore({ storeTimeout: '100ms' });
  const response = deferred<StoredSecret | undefined>();
  store.read = () => response.promise;
  const read = client.get('db');
  await clock.pass('1s');

  response.reject(new Error('too late'));

  expect((await read).versionId).toBe('v1');
});

test('an entry that throws when it is read does not stop later events', async () => {
  const { clock, shared, process } = setUpFleet(1);
  const { client, store } = process(0);
  await client.get('db');
  const read = store.read.bind(store);
  const throwing = new Proxy(storedSecret(clock), {
    ownKeys() {
      throw new Error('not to be listed');
    },
  });
  for (let write = 0; write < 40; write += 1) {
    await clock.pass('1s');
    store.read = write < 39 ? () => Promise.resolve(throwing) : read;
    await shared.write(dbRequest, storedSecret(clock, { versionId: `v${write}` }));
  }
  await clock.pass(0);

  expect(client.peek('db')?.versionId).toBe('v39');
});

const invalidEvents: readonly unknown[] = [
  null,
  undefined,
  'written',
  {},
  { kind: 'written' },
  { kind: 'removed' },
  { kind: 'unavailable' },
];

test.each(invalidEvents)('an invalid event %j of a store does not throw', (event) => {
  const { store } = setUpFleet(1).process(0);

  expect(() => store.emit(event as StoreEvent)).not.toThrow();
});

test('any event of a store neither throws nor stops later events', async () => {
  const { client, store } = setUpFleet(1).process(0);
  await client.get('db');
  const dropped: (string | undefined)[] = [];
  const field = fc.oneof(fc.anything(), fc.constantFrom('db', 1_000, { name: 'db' }, Symbol('any')));
  const kind = fc.constantFrom('written', 'removed', 'dropped', 'unavailable', 'recovered', 'changed', 'other');
  const event = fc.record(
    { kind, name: field, request: field, fetchedAt: field, versionId: field, reason: field },
    { requiredKeys: ['kind'] },
  );

  fc.assert(
    fc.property(fc.oneof(event, fc.anything()), (one) => {
      expect(() => store.emit(one as StoreEvent)).not.toThrow();
    }),
    { numRuns: 500 },
  );
  client.on('store', ({ name }) => dropped.push(name));
  store.emit({ kind: 'dropped', name: 'db', reason: 'the last one' });

  expect(dropped).toEqual(['db']);
});

test.each([
  ['returns no function', () => 'no function'],
  [
    'returns a function that throws',
    () => (): never => {
      throw new Error('cannot unsubscribe');
    },
  ],
])('close() closes all stores if subscribe() of one %s', async (_what, subscribe) => {
  const broken = new FakeStore();
  const other = new FakeStore();
  const withSubscribe: SecretStore = {
    name: broken.name,
    read: (request) => broken.read(request),
    write: (request, secret) => broken.write(request, secret),
    remove: (request) => broken.remove(request),
    removeAll: (name) => broken.removeAll(name),
    subscribe: subscribe as never,
    close: () => broken.close(),
  };
  const { client } = setUpClientWithStore({ stores: [withSubscribe, other] });

  await client.close();

  expect([broken.isClosed, other.isClosed]).toEqual([true, true]);
});

describe('ready() and preload() reject if other users can access the folder of a file store', () => {
  test.each(['755', '777', '750'])('mode %s', async (mode) => {
    const path = await freshPath();
    await mkdir(path);
    await chmod(path, Number.parseInt(mode, 8));
    const { client } = setUpClient({ stores: fileStoreWith({}, { path, key: firstKey }), preload: ['db'] });

    for (const start of [client.ready(), client.preload(['db'])]) {
      await expect(start).rejects.toMatchObject({
        code: 'ERR_STORE',
        message: expect.stringMatching(
          new RegExp(`other users can access it \\(mode ${mode}\\)\\. Run chmod 700`, 'u'),
        ),
      });
    }
    expect((await client.get('db')).versionId).toBe('v1');
  });

  test('not if its disk fails', async () => {
    const failingMkdir = (): Promise<never> =>
      Promise.reject(Object.assign(new Error('EROFS: read-only'), { code: 'EROFS' }));
    const fileSystem = { ...nodeFileSystem, mkdir: failingMkdir };
    const { client } = setUpClient({
      stores: fileStoreWith({ fileSystem }, { path: await freshPath(), key: firstKey }),
      preload: ['db'],
    });

    await expect(client.ready()).resolves.toBeUndefined();
  });
});

function optional(promise: Promise<unknown>): Promise<unknown> | undefined {
  return promise;
}

test.each(['ready', 'late'])('a key derivation does not count towards storeTimeout: %s', async (time) => {
  const { clock, store, client, kms } = setUpClientWithStore({ storeTimeout: 500 });
  store.put(dbRequest, storedSecret(clock));
  kms.fail('unreachable');
  const derived = deferred();
  const read = store.read.bind(store);
  const preparing = derived.promise;
  const derivingStore = Object.assign(store, {
    preparing: optional(preparing),
    read: async (request: SecretRequest) => {
      await preparing;
      derivingStore.preparing = undefined;
      return read(request);
    },
  });

  const reading = client.get('db');
  await clock.pass(time === 'late' ? 3_000 : 100);
  derived.resolve();
  await clock.pass(0);

  expect((await reading).versionId).toBe('v0');
  expect(client.stats().storeFailures).toBe(0);
});

test.each(['undefined', 'the same promise'])('storeTimeout begins after preparing, which is %s then', async (after) => {
  const { clock, store, client } = setUpClientWithStore({ storeTimeout: 500 });
  store.put(dbRequest, storedSecret(clock));
  const read = store.read.bind(store);
  const prepared = deferred();
  const preparingStore = Object.assign(store, {
    preparing: optional(prepared.promise),
    read: async (request: SecretRequest) => {
      await prepared.promise;
      await sleep(clock, 400, new AbortController().signal);
      return read(request);
    },
  });

  const reading = client.get('db');
  await clock.pass(400);
  if (after === 'undefined') preparingStore.preparing = undefined;
  prepared.resolve();
  await clock.pass(400);

  expect((await reading).versionId).toBe('v0');
  expect(client.stats().storeFailures).toBe(0);
});

test('a store that hangs after its key derivation is given up after storeTimeout', async () => {
  const { clock, store, client } = setUpClientWithStore({ storeTimeout: 500 });
  const derived = deferred();
  const preparing = Object.assign(store, { preparing: optional(derived.promise) });
  store.fail('hang');
  const reading = client.get('db');
  await clock.pass('1s');
  preparing.preparing = undefined;
  derived.resolve();
  await clock.pass(499);
  expect(client.stats().storeFailures).toBe(0);
  await clock.pass(1);

  expect((await reading).versionId).toBe('v1');
  expect(client.stats().storeFailures).toBe(1);
});
