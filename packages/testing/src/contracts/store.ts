import type { SecretRequest, SecretStore, StoredSecret } from '@kms-secrets/core';
import { expect } from 'vitest';

import { describeContract } from './contract.ts';
import type { Clause } from './contract.ts';

/** Opens an empty store. */
export type OpenStore = () => Promise<SecretStore> | SecretStore;

/**
 * Tests a `SecretStore` against the store contract: `describeStore('my store', () => new MyStore())` in a test file.
 *
 * A failing test prints no secret: values are compared as booleans.
 */
export function describeStore(name: string, open: OpenStore): void {
  describeContract(`${name} meets the store contract`, storeClauses, open);
}

/** Names that a store might take for a path, a pattern or a separator, or confuse with another name. */
const specialNames: readonly string[] = [
  '../../etc/passwd',
  '..',
  'a/b',
  'a\\b',
  'a:b',
  '!acs/rds',
  'constructor',
  '__proto__',
  'x'.repeat(192),
  'ключ',
  '密码',
  'acs:kms:cn-hangzhou:1234567890123456:secret/prod/db',
];

/** Pairwise different requests. A key that joins their parts carelessly makes some of them equal. */
const requests: readonly SecretRequest[] = [
  { name: 'a' },
  { name: 'a', stage: 'b' },
  { name: 'a', versionId: 'b' },
  { name: 'a', stage: 'b', versionId: 'c' },
  { name: 'a', stage: 'c', versionId: 'b' },
  { name: 'a', stage: 'b/c' },
  { name: 'a/b', stage: 'c' },
  { name: 'a:b' },
  { name: 'a,b' },
  { name: 'ab' },
  { name: 'A' },
  { name: 'A', stage: 'B' },
];

export const storeClauses: readonly Clause<OpenStore>[] = [
  clause('a written secret is read back with all its fields', async (store) => {
    const text = stored();
    const binary = stored({ dataType: 'binary', stages: [], type: 'Rds', createdAt: undefined });

    await store.write({ name: 'text' }, text);
    await store.write({ name: 'binary' }, binary);

    expectSame(await store.read({ name: 'text' }), text);
    expectSame(await store.read({ name: 'binary' }), binary);
  }),
  clause('the rotation and configuration of a managed secret are stored', async (store) => {
    const rotation = { state: 'Enabled', interval: 86_400_000, lastAt: undefined, nextAt: 1_767_409_445_000 } as const;
    const managed = stored({ type: 'Rds', rotation, extendedConfig: { SecretSubType: 'DoubleUsers', CustomData: {} } });

    await store.write({ name: 'managed' }, managed);

    expectSame(await store.read({ name: 'managed' }), managed);
  }),
  clause('a secret that was never written reads as undefined', async (store) => {
    await store.write({ name: 'there' }, stored());

    expectSame(await store.read({ name: 'not there' }), undefined);
    expectSame(await store.read({ name: 'there', stage: 'ACSPrevious' }), undefined);
    expectSame(await store.read({ name: 'there', versionId: 'v1' }), undefined);
  }),
  clause('name, stage and version together are the key', async (store) => {
    const written = requests.map((_, index) => stored({ versionId: `v${index}`, value: `s3cret-${index}` }));

    await forEachInOrder(requests, (request, index) => store.write(request, at(written, index)));

    await forEachInOrder(requests, async (request, index) => expectSame(await store.read(request), at(written, index)));
  }),
  clause('an undefined stage or version equals an absent one', async (store) => {
    await store.write({ name: 'a', stage: undefined, versionId: undefined }, stored());

    expectSame(await store.read({ name: 'a' }), stored());
  }),
  clause('remove deletes one key and no other', async (store) => {
    await forEachInOrder(requests, (request) => store.write(request, stored()));

    await forEachInOrder(requests, async (request, index) => {
      await store.remove(request);
      expectSame(await store.read(request), undefined);
      await forEachInOrder(requests.slice(index + 1), async (other) => expectSame(await store.read(other), stored()));
    });
  }),
  clause('removing a missing secret is not an error', async (store) => {
    await store.write({ name: 'a' }, stored());

    await store.remove({ name: 'a' });
    await store.remove({ name: 'a' });
    await store.remove({ name: 'never there' });

    expectSame(await store.read({ name: 'a' }), undefined);
  }),
  clause('removeAll deletes every stage and version of one name only', async (store) => {
    await forEachInOrder(requests, (request) => store.write(request, stored()));

    await store.removeAll('a');
    await store.removeAll('never there');

    await forEachInOrder(requests, async (request) =>
      expectSame(await store.read(request), request.name === 'a' ? undefined : stored()),
    );
  }),
  clause('a removed secret can be written again', async (store) => {
    await store.write({ name: 'a' }, stored({ fetchedAt: 2_000 }));
    await store.remove({ name: 'a' });

    await store.write({ name: 'a' }, stored({ fetchedAt: 1_000 }));

    expectSame(await store.read({ name: 'a' }), stored({ fetchedAt: 1_000 }));
  }),
  ...specialNames.map((name) =>
    clause(
      `${name.length > 60 ? `a name of ${name.length} characters` : `the name ${name}`} is taken literally`,
      async (store) => {
        await store.write({ name }, stored({ name }));
        expectSame(await store.read({ name }), stored({ name }));

        await store.remove({ name });
        expectSame(await store.read({ name }), undefined);
      },
    ),
  ),
  clause('an older secret does not replace a newer one', async (store) => {
    const older = stored({ fetchedAt: 1_000 });
    const newer = stored({ fetchedAt: 2_000, versionId: 'v2' });

    await store.write({ name: 'a' }, newer);
    await store.write({ name: 'a' }, older);

    expectSame(await store.read({ name: 'a' }), newer);
  }),
  clause('a newer secret replaces an older one', async (store) => {
    const newer = stored({ fetchedAt: 2_000, versionId: 'v2', value: 's3cret-two' });

    await store.write({ name: 'a' }, stored({ fetchedAt: 1_000 }));
    await store.write({ name: 'a' }, newer);

    expectSame(await store.read({ name: 'a' }), newer);
  }),
  clause('after concurrent writes the newest secret remains, complete', async (store) => {
    // 7 and 32 have no common factor, so this is a permutation of 0 to 31.
    const secrets = Array.from({ length: 32 }, (_, index) => (index * 7) % 32).map((age) =>
      stored({ fetchedAt: 1_000 + age, versionId: `v${age}`, value: `s3cret-${age}-${'x'.repeat(age * 100)}` }),
    );

    await Promise.all(secrets.map((secret) => store.write({ name: 'a' }, secret)));

    expectSame(
      await store.read({ name: 'a' }),
      secrets.find(({ fetchedAt }) => fetchedAt === 1_031),
    );
  }),
  clause('concurrent writes of different secrets all remain', async (store) => {
    const names = Array.from({ length: 32 }, (_, index) => `name-${index}`);

    await Promise.all(names.map((name) => store.write({ name }, stored({ name }))));

    await forEachInOrder(names, async (name) => expectSame(await store.read({ name }), stored({ name })));
  }),
  ...Object.entries({
    'an empty value': '',
    'a value of blanks': '  \t ',
    'a value with line breaks': 's3cret-\r\none\n\n"two"\\n\u2028',
    'a value that is JSON': '{"s3cret-":[1,null,"\\u0000"]}',
    'a value in several alphabets': 's3cret-ключ-密码-🗝️-e\u0301-\u0000',
    'a value of 30 KB': `s3cret-${'0123456789abcdef'.repeat(1_920)}`.slice(0, 30_720),
  }).map(([what, value]) =>
    clause(`${what} is stored unchanged`, async (store) => {
      await store.write({ name: 'a' }, stored({ value }));

      expectSame(await store.read({ name: 'a' }), stored({ value }));
    }),
  ),
  clause('a closed store returns nothing and can be closed again', async (store) => {
    await store.write({ name: 'a' }, stored());

    await store.close();
    await store.close();

    expectSame(await store.read({ name: 'a' }).catch(() => undefined), undefined);
  }),
];

/** A clause about an open store, which is closed afterwards. */
function clause(name: string, check: (store: SecretStore) => Promise<void>): Clause<OpenStore> {
  return {
    name,
    async check(open) {
      const store = await open();
      try {
        await check(store);
      } finally {
        await store.close();
      }
    },
  };
}

function stored(fields: Partial<StoredSecret> = {}): StoredSecret {
  return {
    name: 'prod/db',
    versionId: 'v1',
    stages: ['ACSCurrent', 'ACSPrevious'],
    type: 'Generic',
    dataType: 'text',
    value: 's3cret-one',
    createdAt: 1_767_323_045_000,
    fetchedAt: 1_767_323_046_000,
    ...fields,
  };
}

/** Compares the values as a boolean, and all other fields as they are. */
function expectSame(actual: StoredSecret | undefined, expected: StoredSecret | undefined): void {
  expect(withoutValue(actual)).toEqual(withoutValue(expected));
  expect(actual?.value === expected?.value, 'the value is the one that was written').toBe(true);
}

function withoutValue(secret: StoredSecret | undefined): Omit<StoredSecret, 'value'> | undefined {
  if (secret === undefined) return undefined;
  const { value: _, ...rest } = secret;
  return rest;
}

async function forEachInOrder<Item>(
  items: readonly Item[],
  act: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  for (const [index, item] of items.entries()) await act(item, index);
}

function at(list: readonly StoredSecret[], index: number): StoredSecret {
  const found = list[index];
  if (found === undefined) throw new RangeError(`No entry ${index}.`);
  return found;
}
