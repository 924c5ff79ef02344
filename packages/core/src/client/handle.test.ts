import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expect, test } from 'vitest';
import { setUpClient } from './client.fixture.ts';

interface Account {
  readonly user: string;
}

const accountSchema: StandardSchemaV1<unknown, Account> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value === 'object' && value !== null && 'user' in value
        ? { value: { user: String(value.user) } }
        : { issues: [{ message: 'no user' }] },
  },
};

test('client.handle() follows the default stage', async () => {
  const { client, kms } = setUpClient();
  await client.get('db');
  const handle = client.handle('db');
  kms.put('db', 'v2');

  await client.refresh('db');

  expect(handle.current.versionId).toBe('v2');
});

test('client.handle() follows another stage and its rotations only', async () => {
  const { client, kms } = setUpClient();
  const handle = client.handle('db', { stage: 'ACSPrevious' });
  const versions: string[] = [];
  handle.onRotate(({ secret }) => versions.push(secret.versionId));
  await handle.get();
  await client.get('db');
  kms.put('db', 'v2');

  await client.refresh('db');
  expect(versions).toEqual([]);
  await client.refresh('db', { stage: 'ACSPrevious' });

  expect(versions).toEqual(['v2']);
  expect(handle.current).toBe(client.peek('db', { stage: 'ACSPrevious' }));
});

test('client.handle() validates and types json() with its schema', async () => {
  const { client, kms } = setUpClient();
  kms.put('db', 'v1', { value: '{"user":"s3cret-user"}' });
  await client.get('db');

  const account: Account = client.handle('db', { schema: accountSchema }).json();

  expect(account.user === 's3cret-user').toBe(true);
  kms.put('db', 'v2', { value: '{}' });
  await client.refresh('db');
  expect(() => client.handle('db', { schema: accountSchema }).json()).toThrow(/does not|differs/u);
});

test('client.handle() refuses an invalid name', () => {
  expect(() => setUpClient().client.handle('')).toThrow(/must not be empty/u);
});
