import type { SecretRequest, SecretStore, StoredSecret } from '@kms-secrets/core';
import { expect, test } from 'vitest';

import { brokenClauses } from './contract.ts';
import { describeStore, storeClauses } from './store.ts';

/** A correct store, with a place to break each of its parts. */
interface Parts {
  key(request: SecretRequest): string;
  /** What is kept of what is written. */
  keep(secret: StoredSecret): StoredSecret;
  /** What is found of what is kept. */
  find(secret: StoredSecret): StoredSecret | undefined;
  /** Waits between the look at what is there and the write. */
  pause(): Promise<void>;
  isNewer(secret: StoredSecret, present: StoredSecret): boolean;
  isReadableClosed: boolean;
  isStrictOnRemove: boolean;
  /** Whether removing all of a name takes this key away. */
  isOf(key: string, name: string): boolean;
}

const correct: Parts = {
  key: ({ name, stage, versionId }) => JSON.stringify([name, stage ?? null, versionId ?? null]),
  keep: (secret) => ({ ...secret }),
  find: (secret) => secret,
  pause: async () => {},
  isNewer: (secret, present) => secret.fetchedAt >= present.fetchedAt,
  isReadableClosed: false,
  isStrictOnRemove: false,
  isOf: (key, name) => key.startsWith(`[${JSON.stringify(name)},`),
};

class MemoryStore implements SecretStore {
  readonly name = 'a store in memory';
  readonly #parts: Parts;
  readonly #secrets = new Map<string, StoredSecret>();
  #isClosed = false;

  constructor(breakage: Partial<Parts> = {}) {
    this.#parts = { ...correct, ...breakage };
  }

  async read(request: SecretRequest): Promise<StoredSecret | undefined> {
    if (this.#isClosed && !this.#parts.isReadableClosed) throw new Error('The store is closed.');
    const found = this.#secrets.get(this.#parts.key(request));
    return found === undefined ? undefined : this.#parts.find(found);
  }

  async write(request: SecretRequest, secret: StoredSecret): Promise<void> {
    const key = this.#parts.key(request);
    let present = this.#secrets.get(key);
    if (this.#parts.pause !== correct.pause) await this.#parts.pause();
    else present = this.#secrets.get(key);
    if (present === undefined || this.#parts.isNewer(secret, present)) this.#secrets.set(key, this.#parts.keep(secret));
  }

  async remove(request: SecretRequest): Promise<void> {
    const wasThere = this.#secrets.delete(this.#parts.key(request));
    if (!wasThere && this.#parts.isStrictOnRemove) throw new Error('There is no such secret.');
  }

  async removeAll(name: string): Promise<void> {
    for (const key of this.#secrets.keys()) if (this.#parts.isOf(key, name)) this.#secrets.delete(key);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }
}

describeStore('a correct store in memory', () => new MemoryStore());

const wholeKey = 'name, stage and version together are the key';
const removesOne = 'removing takes away one key and no other';

const breakages: readonly (readonly [string, Partial<Parts>, string])[] = [
  ['forgets the stage', { key: ({ name, versionId }) => JSON.stringify([name, versionId]) }, wholeKey],
  ['forgets the version', { key: ({ name, stage }) => JSON.stringify([name, stage]) }, wholeKey],
  ['joins the key with a separator', { key: (request) => Object.values(request).join('/') }, wholeKey],
  ['folds case', { key: (request) => correct.key(request).toLowerCase() }, wholeKey],
  ['folds case', { key: (request) => correct.key(request).toLowerCase() }, removesOne],
  [
    'takes undefined for a text',
    { key: (request) => JSON.stringify(request, (_, value: unknown) => (value === undefined ? '-' : value)) },
    'a part of the key that is undefined is as good as absent',
  ],
  [
    'drops the calendar',
    { keep: (secret) => ({ ...secret, createdAt: undefined }) },
    'what was written is read back, whole',
  ],
  ['makes all text', { keep: (secret) => ({ ...secret, dataType: 'text' }) }, 'what was written is read back, whole'],
  ['lets the last writer win', { isNewer: () => true }, 'an older answer never replaces a newer one'],
  ['keeps the first', { isNewer: () => false }, 'a newer answer replaces an older one'],
  [
    'looks, waits and writes',
    { pause: () => Promise.resolve() },
    'of writes at the same time the newest answer stays, in one piece',
  ],
  [
    'takes the empty text for none',
    { find: (secret) => (secret.value === '' ? undefined : secret) },
    'the empty text is a value like any other',
  ],
  [
    'trims',
    { keep: (secret) => ({ ...secret, value: secret.value.trim() }) },
    'a text of blanks is a value like any other',
  ],
  [
    'keeps lines',
    { keep: (secret) => ({ ...secret, value: secret.value.split(/\r?\n/u).join('\n') }) },
    'a text with line breaks is a value like any other',
  ],
  [
    'has a short column',
    { keep: (secret) => ({ ...secret, value: secret.value.slice(0, 16_384) }) },
    'a text of 30 KB is a value like any other',
  ],
  [
    'knows ASCII only',
    { keep: (secret) => ({ ...secret, value: Buffer.from(secret.value, 'ascii').toString('latin1') }) },
    'a text of many alphabets is a value like any other',
  ],
  ['refuses to remove nothing', { isStrictOnRemove: true }, 'removing twice is removing once'],
  [
    'removes all that begins alike',
    { isOf: (key, name) => key.startsWith(`["${name}`) },
    'removing all of a name takes away its stages and versions, and no other name',
  ],
  [
    'removes all of the usual stage alone',
    { isOf: (key, name) => key === correct.key({ name }) },
    'removing all of a name takes away its stages and versions, and no other name',
  ],
  [
    'drops the rotation',
    { keep: (secret) => ({ ...secret, rotation: undefined }) },
    'of a managed secret its rotation and its configuration are kept',
  ],
  [
    'reads on when closed',
    { isReadableClosed: true },
    'after close it gives nothing out, and closing again is no error',
  ],
];

test.each(breakages)('a store that %s breaks the contract', async (_, breakage, clause) => {
  const broken = await brokenClauses(storeClauses, () => new MemoryStore(breakage));

  expect(broken).toContain(clause);
});

test('a store that takes a name for a path breaks the contract', async () => {
  const paths = new Map<string, StoredSecret>();
  const resolved = ({ name }: SecretRequest): string => new URL(name, 'file:///secrets/').pathname;
  const open = (): SecretStore => ({
    name: 'a store of paths',
    async read(request) {
      return resolved(request).startsWith('/secrets/') ? paths.get(resolved(request)) : undefined;
    },
    async write(request, secret) {
      paths.set(resolved(request), secret);
    },
    async remove(request) {
      paths.delete(resolved(request));
    },
    async removeAll(name) {
      paths.delete(resolved({ name }));
    },
    async close() {
      paths.clear();
    },
  });

  const broken = await brokenClauses(storeClauses, open);

  expect(broken).toContain('../../etc/passwd is a name, never a path');
});
