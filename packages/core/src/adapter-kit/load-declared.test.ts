import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expect, test } from 'vitest';
import { SecretNotFoundError, SecretSetError } from '../secret/errors.ts';
import { Secret } from '../secret/secret.ts';
import { loadDeclared } from './load-declared.ts';

const secretOf = (name: string): Secret => new Secret({ name, versionId: 'v1', value: '{"user":1}', dataType: 'text' });

function sourceOf(...present: string[]): { getMany: (names: readonly string[]) => Promise<Record<string, Secret>> } {
  return {
    getMany: async (names) => {
      const missing = names.filter((name) => !present.includes(name));
      const errors = missing.map((name) => [name, new SecretNotFoundError('not found', { secretName: name })] as const);
      if (missing.length > 0) throw new SecretSetError(names.length, 'read', new Map(errors));
      return Object.fromEntries(names.map((name) => [name, secretOf(name)]));
    },
  };
}

const refusing: StandardSchemaV1 = {
  '~standard': { version: 1, vendor: 'none', validate: () => ({ issues: [{ message: '', path: ['user'] }] }) },
};

test('resolves when every name can be read and matches its schema', async () => {
  const schemas = new Map([['other', refusing]]);

  await expect(loadDeclared(sourceOf('db'), { preload: ['db'], schemas })).resolves.toBeUndefined();
  await expect(loadDeclared(sourceOf(), {})).resolves.toBeUndefined();
});

test('rejects if a name cannot be read', async () => {
  await expect(loadDeclared(sourceOf('db'), { preload: ['db', 'api'] })).rejects.toMatchObject({
    code: 'ERR_SECRET_SET',
  });
});

test('rejects if a secret does not match its schema', async () => {
  const schemas = new Map([['db', refusing]]);

  await expect(loadDeclared(sourceOf('db'), { preload: ['db'], schemas })).rejects.toMatchObject({
    code: 'ERR_SECRET_TYPE',
    secretName: 'db',
  });
});
