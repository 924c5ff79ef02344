import { describeStore } from '@kms-secrets/testing/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyValueStore } from './key-value-store.ts';
import type { KeyValueStorage } from './key-value-store.ts';
import { firstKey, secondKey, stored } from './stored-secret.fixture.ts';

describeStore('a store on a Map', () =>
  keyValueStore({ name: 'map', storage: new Map<string, string>(), key: firstKey }),
);

describeStore('a store on an asynchronous storage', () => {
  const map = new Map<string, string>();
  const storage: KeyValueStorage = {
    get: async (key) => map.get(key) ?? null,
    set: async (key, value) => void map.set(key, value),
    delete: async (key) => void map.delete(key),
  };
  return keyValueStore({ name: 'async', storage, key: secondKey });
});

test('rejects a misspelt option with the one that it resembles', () => {
  const options = { name: 'map', storage: new Map<string, string>(), key: firstKey, perfix: 'app:' };

  expect(() => keyValueStore(options)).toThrow(/perfix \(keyValueStore\(\)\): .*; did you mean "prefix"\?/u);
});

test('derives the same key from the same passphrase', async () => {
  const options = { name: 'map', storage: new Map<string, string>(), passphrase: 'a long enough passphrase' };

  await keyValueStore(options).write({ name: 'db' }, stored());

  expect((await keyValueStore(options).read({ name: 'db' }))?.versionId).toBe('v1');
});

test('neither keys nor values in the storage show a secret', async () => {
  const map = new Map<string, string>();
  const store = keyValueStore({ name: 'map', storage: map, key: firstKey });

  await store.write({ name: 'prod/db' }, stored());

  const text = [...map].flat().join();
  expect(text.includes('s3cret')).toBe(false);
  expect(text.includes('prod/db')).toBe(false);
});

test('reads what was written under an older key, and removes it', async () => {
  const map = new Map<string, string>();
  await keyValueStore({ name: 'map', storage: map, key: firstKey }).write({ name: 'db' }, stored());
  const rotated = keyValueStore({ name: 'map', storage: map, keys: [secondKey, firstKey] });

  expect((await rotated.read({ name: 'db' }))?.versionId).toBe('v1');
  await rotated.removeAll('db');

  expect(map.size).toBe(0);
});

test('a write removes the older entry of an old key, and keeps a later one', async () => {
  const map = new Map<string, string>();
  const old = keyValueStore({ name: 'map', storage: map, key: firstKey });
  const rotated = keyValueStore({ name: 'map', storage: map, keys: [secondKey, firstKey] });
  const at = Date.now();
  await old.write({ name: 'db' }, stored({ fetchedAt: at }));
  await rotated.write({ name: 'db' }, stored({ fetchedAt: at - 1, versionId: 'v0' }));
  expect((await rotated.read({ name: 'db' }))?.versionId).toBe('v1');

  await rotated.write({ name: 'db' }, stored({ fetchedAt: at + 1, versionId: 'v2' }));
  expect((await rotated.read({ name: 'db' }))?.versionId).toBe('v2');
  expect(await old.read({ name: 'db' })).toBeUndefined();
  expect([map.size, rotated.keyIds?.length]).toEqual([1, 2]);
});

test('concurrent writes of stages of one secret lose none', async () => {
  const store = keyValueStore({ name: 'map', storage: new Map<string, string>(), key: firstKey });
  const stages = Array.from({ length: 20 }, (_, index) => `stage-${index}`);

  await Promise.all(stages.map((stage) => store.write({ name: 'db', stage }, stored({ versionId: stage }))));

  const read = await Promise.all(stages.map((stage) => store.read({ name: 'db', stage })));
  expect(read.map((secret) => secret?.versionId)).toEqual(stages);
});

test.each(['not JSON', '[]', 'null', '{"x":1}'])('treats the foreign value %s as no entry', async (foreign) => {
  const map = new Map<string, string>();
  const store = keyValueStore({ name: 'map', storage: map, key: firstKey });
  await store.write({ name: 'db' }, stored());
  for (const key of map.keys()) map.set(key, foreign);

  expect(await store.read({ name: 'db' })).toBeUndefined();
  await store.write({ name: 'db' }, stored());
  expect((await store.read({ name: 'db' }))?.versionId).toBe('v1');
});

test('a storage that fails rejects, and the next change works', async () => {
  const map = new Map<string, string>();
  let isFull = true;
  const set = (key: string, value: string): void => {
    if (isFull) throw new Error('full');
    map.set(key, value);
  };
  const storage = { get: (key: string) => map.get(key), set, delete: (key: string) => map.delete(key) };
  const store = keyValueStore({ name: 'map', storage, key: firstKey });

  await expect(store.write({ name: 'db' }, stored())).rejects.toThrow('full');
  isFull = false;
  await store.write({ name: 'db' }, stored());

  expect((await store.read({ name: 'db' }))?.versionId).toBe('v1');
});

test('a change that fails does not fail the change that waits for it', async () => {
  const map = new Map<string, string>();
  let writes = 0;
  const set = async (key: string, value: string): Promise<void> => {
    writes += 1;
    if (writes === 1) throw new Error('full');
    map.set(key, value);
  };
  const storage = { get: (key: string) => map.get(key), set, delete: (key: string) => map.delete(key) };
  const store = keyValueStore({ name: 'map', storage, key: firstKey });

  const changes = await Promise.allSettled([
    store.write({ name: 'db' }, stored()),
    store.write({ name: 'db' }, stored({ versionId: 'v2' })),
  ]);

  expect(changes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect((await store.read({ name: 'db' }))?.versionId).toBe('v2');
});

test('refuses an invalid key and storage with all errors', () => {
  const make = (): unknown => keyValueStore({ name: '', storage: {} as never, key: 'short' });

  expect(make).toThrow(/3 errors[^]*key[^]*name[^]*storage/u);
});

test('reads and replaces any value of the storage without throwing', async () => {
  const sealed = fc.oneof(fc.string(), fc.base64String(), fc.jsonValue());
  const value = fc.oneof(
    fc.string(),
    fc.json(),
    fc.dictionary(fc.string(), sealed).map((one) => JSON.stringify(one)),
  );
  const map = new Map<string, string>();
  const store = keyValueStore({ name: 'map', storage: map, key: firstKey });
  await store.write({ name: 'db' }, stored());
  const [key = ''] = map.keys();
  const [hash = ''] = Object.keys(JSON.parse(map.get(key) ?? '{}') as object);

  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        value,
        sealed.map((one) => JSON.stringify({ [hash]: one })),
      ),
      async (foreign) => {
        map.set(key, foreign);
        expect(await store.read({ name: 'db' })).toBeUndefined();
        await store.write({ name: 'db' }, stored());
        expect((await store.read({ name: 'db' }))?.versionId).toBe('v1');
      },
    ),
    { numRuns: 300 },
  );
});

test('keeps what a later release wrote beside its own entry, and removes it with the secret', async () => {
  for (const remove of ['remove', 'removeAll'] as const) {
    const map = new Map<string, string>();
    const store = keyValueStore({ name: 'map', storage: map, key: firstKey });
    await store.write({ name: 'db' }, stored());
    const [[key, text] = ['', '']] = map;
    const [field = ''] = Object.keys(JSON.parse(text) as object);
    const later = { [field.replace('.v1', '.v2')]: { sealed: 'of a later release' } };
    map.set(key, JSON.stringify(later));

    await store.write({ name: 'db' }, stored({ versionId: 'v2' }));

    expect((await store.read({ name: 'db' }))?.versionId).toBe('v2');
    expect(JSON.parse(map.get(key) ?? '')).toMatchObject(later);
    await (remove === 'remove' ? store.remove({ name: 'db' }) : store.removeAll('db'));
    expect(map.size).toBe(0);
  }
});

test('neither serves nor overwrites an entry of a later format version', async () => {
  const map = new Map<string, string>();
  const store = keyValueStore({ name: 'map', storage: map, key: firstKey });
  await store.write({ name: 'db' }, stored());
  const [[key, text] = ['', '']] = map;
  const [[hash, sealed] = ['', '']] = Object.entries(JSON.parse(text) as Record<string, string>);
  const later = JSON.stringify({ [hash]: Buffer.from(Buffer.from(sealed, 'base64').with(0, 2)).toString('base64') });
  map.set(key, later);

  expect(await store.read({ name: 'db' })).toBeUndefined();
  await store.write({ name: 'db' }, stored({ fetchedAt: Date.now() }));
  expect(map.get(key)).toBe(later);

  await store.remove({ name: 'db' });
  expect(map.size).toBe(0);
});
