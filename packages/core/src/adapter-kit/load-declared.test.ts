import type { StandardSchemaV1 } from '@standard-schema/spec';
import { fixedSecrets } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { loadDeclared } from './load-declared.ts';

const refusing: StandardSchemaV1 = {
  '~standard': { version: 1, vendor: 'none', validate: () => ({ issues: [{ message: '', path: ['user'] }] }) },
};

test('keeps the names fresh that can be read and match their schema', async () => {
  const client = fixedSecrets({ db: { user: 1 } }, { preload: [] });
  const schemas = new Map([['other', refusing]]);

  const unpin = await loadDeclared(client, { preload: ['db'], schemas });
  const pinned = client.stats().pinned;
  unpin();

  expect([pinned, client.stats().pinned]).toEqual([1, 0]);
  await expect(loadDeclared(client, {})).resolves.toBeTypeOf('function');
});

test('rejects if a name cannot be read, and pins none', async () => {
  const client = fixedSecrets({ db: { user: 1 } }, { preload: [] });

  await expect(loadDeclared(client, { preload: ['db', 'api'] })).rejects.toMatchObject({ code: 'ERR_SECRET_SET' });
  expect(client.stats().pinned).toBe(0);
});

test('rejects if a secret does not match its schema, and pins none', async () => {
  const client = fixedSecrets({ db: { user: 1 } }, { preload: [] });
  const schemas = new Map([['db', refusing]]);

  await expect(loadDeclared(client, { preload: ['db'], schemas })).rejects.toMatchObject({
    code: 'ERR_SECRET_TYPE',
    secretName: 'db',
  });
  expect(client.stats().pinned).toBe(0);
});
