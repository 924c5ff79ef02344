import type { SecretRequest, SecretStore, StoredSecret } from '@kms-secrets/core';
import { expect } from 'vitest';

import { describeContract } from './contract.ts';
import type { Clause } from './contract.ts';

/** Opens an empty store. */
export type OpenStore = () => Promise<SecretStore> | SecretStore;

/**
 * What every `SecretStore` must do: write `describeStore('my store', () => new MyStore())` in a test file of yours.
 *
 * Values are compared without being shown: a failing test prints no secret.
 */
export function describeStore(name: string, open: OpenStore): void {
  describeContract(`${name} keeps the store contract`, storeClauses, open);
}

/** Names that some store would take for a path, a pattern, a separator of its own, or the same as another. */
const oddNames: readonly string[] = [
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

/** Requests of which no two mean the same, though a careless key would make some of them equal. */
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
  clause('what was written is read back, whole', async (store) => {
    const [text, binary] = [stored(), stored({ dataType: 'binary', stages: [], type: 'Rds', createdAt: undefined })];

    await store.write({ name: 'text' }, text);
    await store.write({ name: 'binary' }, binary);

    expectSame(await store.read({ name: 'text' }), text);
    expectSame(await store.read({ name: 'binary' }), binary);
  }),
  clause('of a managed secret its rotation and its configuration are kept', async (store) => {
    const rotation = { state: 'Enabled', interval: 86_400_000, lastAt: undefined, nextAt: 1_767_409_445_000 } as const;
    const managed = stored({ type: 'Rds', rotation, extendedConfig: { SecretSubType: 'DoubleUsers', CustomData: {} } });

    await store.write({ name: 'managed' }, managed);

    expectSame(await store.read({ name: 'managed' }), managed);
  }),
  clause('what was never written reads as undefined', async (store) => {
    await store.write({ name: 'there' }, stored());

    expectSame(await store.read({ name: 'not there' }), undefined);
    expectSame(await store.read({ name: 'there', stage: 'ACSPrevious' }), undefined);
    expectSame(await store.read({ name: 'there', versionId: 'v1' }), undefined);
  }),
  clause('name, stage and version together are the key', async (store) => {
    const written = requests.map((_, index) => stored({ versionId: `v${index}`, value: `s3cret-${index}` }));

    await inTurn(requests, (request, index) => store.write(request, at(written, index)));

    await inTurn(requests, async (request, index) => expectSame(await store.read(request), at(written, index)));
  }),
  clause('a part of the key that is undefined is as good as absent', async (store) => {
    await store.write({ name: 'a', stage: undefined, versionId: undefined }, stored());

    expectSame(await store.read({ name: 'a' }), stored());
  }),
  clause('removing takes away one key and no other', async (store) => {
    await inTurn(requests, (request) => store.write(request, stored()));

    await inTurn(requests, async (request, index) => {
      await store.remove(request);
      expectSame(await store.read(request), undefined);
      await inTurn(requests.slice(index + 1), async (other) => expectSame(await store.read(other), stored()));
    });
  }),
  clause('removing twice is removing once', async (store) => {
    await store.write({ name: 'a' }, stored());

    await store.remove({ name: 'a' });
    await store.remove({ name: 'a' });
    await store.remove({ name: 'never there' });

    expectSame(await store.read({ name: 'a' }), undefined);
  }),
  clause('removing all of a name takes away its stages and versions, and no other name', async (store) => {
    await inTurn(requests, (request) => store.write(request, stored()));

    await store.removeAll('a');
    await store.removeAll('never there');

    await inTurn(requests, async (request) =>
      expectSame(await store.read(request), request.name === 'a' ? undefined : stored()),
    );
  }),
  clause('what was removed can be written again', async (store) => {
    await store.write({ name: 'a' }, stored({ fetchedAt: 2_000 }));
    await store.remove({ name: 'a' });

    await store.write({ name: 'a' }, stored({ fetchedAt: 1_000 }));

    expectSame(await store.read({ name: 'a' }), stored({ fetchedAt: 1_000 }));
  }),
  ...oddNames.map((name) =>
    clause(
      `${name.length > 60 ? `a text of ${name.length} characters` : name} is a name, never a path`,
      async (store) => {
        await store.write({ name }, stored({ name }));
        expectSame(await store.read({ name }), stored({ name }));

        await store.remove({ name });
        expectSame(await store.read({ name }), undefined);
      },
    ),
  ),
  clause('an older answer never replaces a newer one', async (store) => {
    const [older, newer] = [stored({ fetchedAt: 1_000 }), stored({ fetchedAt: 2_000, versionId: 'v2' })];

    await store.write({ name: 'a' }, newer);
    await store.write({ name: 'a' }, older);

    expectSame(await store.read({ name: 'a' }), newer);
  }),
  clause('a newer answer replaces an older one', async (store) => {
    const newer = stored({ fetchedAt: 2_000, versionId: 'v2', value: 's3cret-two' });

    await store.write({ name: 'a' }, stored({ fetchedAt: 1_000 }));
    await store.write({ name: 'a' }, newer);

    expectSame(await store.read({ name: 'a' }), newer);
  }),
  clause('of writes at the same time the newest answer stays, in one piece', async (store) => {
    // 7 and 32 have no common factor: every number once, in no order.
    const answers = Array.from({ length: 32 }, (_, index) => (index * 7) % 32).map((turn) =>
      stored({ fetchedAt: 1_000 + turn, versionId: `v${turn}`, value: `s3cret-${turn}-${'x'.repeat(turn * 100)}` }),
    );

    await Promise.all(answers.map((answer) => store.write({ name: 'a' }, answer)));

    expectSame(
      await store.read({ name: 'a' }),
      answers.find(({ fetchedAt }) => fetchedAt === 1_031),
    );
  }),
  clause('writes of different secrets at the same time all stay', async (store) => {
    const names = Array.from({ length: 32 }, (_, index) => `name-${index}`);

    await Promise.all(names.map((name) => store.write({ name }, stored({ name }))));

    await inTurn(names, async (name) => expectSame(await store.read({ name }), stored({ name })));
  }),
  ...Object.entries({
    'the empty text': '',
    'a text of blanks': '  \t ',
    'a text with line breaks': 's3cret-\r\none\n\n"two"\\n\u2028',
    'a text that is JSON': '{"s3cret-":[1,null,"\\u0000"]}',
    'a text of many alphabets': 's3cret-ключ-密码-🗝️-e\u0301-\u0000',
    'a text of 30 KB': `s3cret-${'0123456789abcdef'.repeat(1_920)}`.slice(0, 30_720),
  }).map(([what, value]) =>
    clause(`${what} is a value like any other`, async (store) => {
      await store.write({ name: 'a' }, stored({ value }));

      expectSame(await store.read({ name: 'a' }), stored({ value }));
    }),
  ),
  clause('after close it gives nothing out, and closing again is no error', async (store) => {
    await store.write({ name: 'a' }, stored());

    await store.close();
    await store.close();

    expectSame(await store.read({ name: 'a' }).catch(() => undefined), undefined);
  }),
];

/** A clause about an open store; the store is closed after it, whatever happens. */
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

/** The value takes part as whether it is the right one. */
function expectSame(actual: StoredSecret | undefined, expected: StoredSecret | undefined): void {
  expect(withoutValue(actual)).toEqual(withoutValue(expected));
  expect(actual?.value === expected?.value, 'the value is the one that was written').toBe(true);
}

function withoutValue(secret: StoredSecret | undefined): Omit<StoredSecret, 'value'> | undefined {
  if (secret === undefined) return undefined;
  const { value: _, ...rest } = secret;
  return rest;
}

async function inTurn<Item>(items: readonly Item[], act: (item: Item, index: number) => Promise<void>): Promise<void> {
  for (const [index, item] of items.entries()) await act(item, index);
}

function at(list: readonly StoredSecret[], index: number): StoredSecret {
  const found = list[index];
  if (found === undefined) throw new RangeError(`There is no entry ${index}.`);
  return found;
}
