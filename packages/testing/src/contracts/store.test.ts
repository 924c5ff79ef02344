import type { SecretRequest, SecretStore, StoredSecret } from '@kms-secrets/core';
import { expect, test } from 'vitest';

import { failedClauses } from './contract.ts';
import { describeStore, storeClauses } from './store.ts';

/** The parts of a correct store. A test replaces one of them with a defective version. */
interface Parts {
  key(request: SecretRequest): string;
  /** Converts a secret when it is written. */
  serialize(secret: StoredSecret): StoredSecret;
  /** Converts a stored secret when it is read. */
  deserialize(secret: StoredSecret): StoredSecret | undefined;
  /** Runs between the read of the present secret and the write. */
  beforeWrite(): Promise<void>;
  isNewer(secret: StoredSecret, present: StoredSecret): boolean;
  isReadableAfterClose: boolean;
  failsToRemoveMissing: boolean;
  /** Whether `removeAll(name)` deletes this key. */
  isKeyOf(key: string, name: string): boolean;
}

const correct: Parts = {
  key: ({ name, stage, versionId }) => JSON.stringify([name, stage ?? null, versionId ?? null]),
  serialize: (secret) => ({ ...secret }),
  deserialize: (secret) => secret,
  beforeWrite: async () => {},
  isNewer: (secret, present) => secret.fetchedAt >= present.fetchedAt,
  isReadableAfterClose: false,
  failsToRemoveMissing: false,
  isKeyOf: (key, name) => key.startsWith(`[${JSON.stringify(name)},`),
};

class MemoryStore implements SecretStore {
  readonly name = 'in-memory store';
  readonly #parts: Parts;
  readonly #secrets = new Map<string, StoredSecret>();
  #isClosed = false;

  constructor(defect: Partial<Parts> = {}) {
    this.#parts = { ...correct, ...defect };
  }

  async read(request: SecretRequest): Promise<StoredSecret | undefined> {
    if (this.#isClosed && !this.#parts.isReadableAfterClose) throw new Error('The store is closed.');
    const found = this.#secrets.get(this.#parts.key(request));
    return found === undefined ? undefined : this.#parts.deserialize(found);
  }

  async write(request: SecretRequest, secret: StoredSecret): Promise<void> {
    const key = this.#parts.key(request);
    const present = this.#secrets.get(key);
    // Even an empty await would make the correct store compare and write in two steps.
    if (this.#parts.beforeWrite !== correct.beforeWrite) await this.#parts.beforeWrite();
    if (present === undefined || this.#parts.isNewer(secret, present))
      this.#secrets.set(key, this.#parts.serialize(secret));
  }

  async remove(request: SecretRequest): Promise<void> {
    const existed = this.#secrets.delete(this.#parts.key(request));
    if (!existed && this.#parts.failsToRemoveMissing) throw new Error('No such secret.');
  }

  async removeAll(name: string): Promise<void> {
    for (const key of this.#secrets.keys()) if (this.#parts.isKeyOf(key, name)) this.#secrets.delete(key);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }
}

describeStore('a correct in-memory store', () => new MemoryStore());

const keyClause = 'name, stage and version together are the key';
const removeClause = 'remove deletes one key and no other';
const removeAllClause = 'removeAll deletes every stage and version of one name only';
const allFieldsClause = 'a written secret is read back with all its fields';

/** What the store does wrong, the defective part, and the clause that finds it. */
const defects: readonly (readonly [string, Partial<Parts>, string])[] = [
  ['ignores the stage', { key: ({ name, versionId }) => JSON.stringify([name, versionId]) }, keyClause],
  ['ignores the version', { key: ({ name, stage }) => JSON.stringify([name, stage]) }, keyClause],
  ['joins the key with a separator', { key: (request) => Object.values(request).join('/') }, keyClause],
  ['reads keys without regard to case', { key: (request) => correct.key(request).toLowerCase() }, keyClause],
  ['removes keys without regard to case', { key: (request) => correct.key(request).toLowerCase() }, removeClause],
  [
    'writes undefined into the key',
    { key: (request) => JSON.stringify(request, (_, value: unknown) => (value === undefined ? '-' : value)) },
    'an undefined stage or version equals an absent one',
  ],
  ['drops the creation date', { serialize: (secret) => ({ ...secret, createdAt: undefined }) }, allFieldsClause],
  ['stores every secret as text', { serialize: (secret) => ({ ...secret, dataType: 'text' }) }, allFieldsClause],
  ['lets the last write win', { isNewer: () => true }, 'an older secret does not replace a newer one'],
  ['lets the first write win', { isNewer: () => false }, 'a newer secret replaces an older one'],
  [
    'compares and writes in two steps',
    { beforeWrite: () => Promise.resolve() },
    'after concurrent writes the newest secret remains, complete',
  ],
  [
    'takes an empty value for a missing one',
    { deserialize: (secret) => (secret.value === '' ? undefined : secret) },
    'an empty value is stored unchanged',
  ],
  [
    'trims values',
    { serialize: (secret) => ({ ...secret, value: secret.value.trim() }) },
    'a value of blanks is stored unchanged',
  ],
  [
    'normalizes line breaks',
    { serialize: (secret) => ({ ...secret, value: secret.value.split(/\r?\n/u).join('\n') }) },
    'a value with line breaks is stored unchanged',
  ],
  [
    'truncates long values',
    { serialize: (secret) => ({ ...secret, value: secret.value.slice(0, 16_384) }) },
    'a value of 30 KB is stored unchanged',
  ],
  [
    'supports ASCII only',
    { serialize: (secret) => ({ ...secret, value: Buffer.from(secret.value, 'ascii').toString('latin1') }) },
    'a value in several alphabets is stored unchanged',
  ],
  ['fails to remove a missing secret', { failsToRemoveMissing: true }, 'removing a missing secret is not an error'],
  ['removes every name with the same prefix', { isKeyOf: (key, name) => key.startsWith(`["${name}`) }, removeAllClause],
  ['removes only the default stage', { isKeyOf: (key, name) => key === correct.key({ name }) }, removeAllClause],
  [
    'drops the rotation',
    { serialize: (secret) => ({ ...secret, rotation: undefined }) },
    'the rotation and configuration of a managed secret are stored',
  ],
  ['can be read after close', { isReadableAfterClose: true }, 'a closed store returns nothing and can be closed again'],
];

test.each(defects)('the contract finds a store that %s', async (_, defect, clause) => {
  const failed = await failedClauses(storeClauses, () => new MemoryStore(defect));

  expect(failed).toContain(clause);
});

test('the contract finds a store that takes names for paths', async () => {
  const files = new Map<string, StoredSecret>();
  const resolve = ({ name }: SecretRequest): string => new URL(name, 'file:///secrets/').pathname;
  const open = (): SecretStore => ({
    name: 'store with paths',
    async read(request) {
      return resolve(request).startsWith('/secrets/') ? files.get(resolve(request)) : undefined;
    },
    async write(request, secret) {
      files.set(resolve(request), secret);
    },
    async remove(request) {
      files.delete(resolve(request));
    },
    async removeAll(name) {
      files.delete(resolve({ name }));
    },
    async close() {
      files.clear();
    },
  });

  const failed = await failedClauses(storeClauses, open);

  expect(failed).toContain('the name ../../etc/passwd is taken literally');
});
