import { expect, test } from 'vitest';
import { startFakeKms } from '../start-fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import type { NextVersion } from './rotation-targets.ts';

/** A fake with the secret of a database. */
async function withDatabase(subType: 'SingleUser' | 'DoubleUsers'): Promise<FakeKms> {
  const kms = await startFakeKms();
  const value = JSON.stringify({ AccountName: 'app', AccountPassword: 's3cret-0' });
  kms.put('db', value, { type: 'Rds', extendedConfig: { SecretSubType: subType } });
  return kms;
}

test.each([
  ['SingleUser', ['app', 'app']],
  ['DoubleUsers', ['app_clone', 'app']],
] as const)('a rotation of %s changes the account before it publishes the version', async (subType, accounts) => {
  await using kms = await withDatabase(subType);
  const changes: NextVersion[] = [];
  kms.onRotate('db', (next) => void changes.push(next));

  const ids = [await kms.rotateManaged('db'), await kms.rotateManaged('db')];

  expect(new Set(ids).size).toBe(2);
  expect(changes.map(({ accountName }) => accountName)).toEqual(accounts);
  for (const { value, accountPassword } of changes) {
    expect(accountPassword).toMatch(/^s3cret-/u);
    expect(JSON.parse(value)).toMatchObject({ AccountPassword: accountPassword });
  }
});

test('publishes the value that was passed to the handler', async () => {
  await using kms = await withDatabase('SingleUser');
  let value: string | undefined;
  kms.onRotate('db', (next) => {
    value = next.value;
  });
  const given = JSON.stringify({ AccountName: 'app', AccountPassword: 's3cret-1' });

  await kms.rotateManaged('db', { value: given });

  expect(value).toBe(given);
});

test('publishes nothing if the handler fails', async () => {
  await using kms = await withDatabase('SingleUser');
  kms.onRotate('db', () => Promise.reject(new Error('database down')));

  await expect(kms.rotateManaged('db')).rejects.toThrow('database down');
});

test('the returned function removes only its own handler', async () => {
  await using kms = await withDatabase('SingleUser');
  const calls: string[] = [];
  const removeFirst = kms.onRotate('db', () => void calls.push('first'));
  const removeSecond = kms.onRotate('db', () => void calls.push('second'));

  removeFirst();
  await kms.rotateManaged('db');
  removeSecond();
  await kms.rotateManaged('db');

  expect(calls).toEqual(['second']);
});

test('refuses a handler that is no function, and an invalid gap', async () => {
  await using kms = await withDatabase('SingleUser');

  expect(() => kms.onRotate('db', 'ALTER ROLE' as never)).toThrow('expected a function');
  expect(() => kms.onRotate('db', () => {}, { gap: -1 })).toThrow('expected a gap');
  expect(() => kms.onRotate('db', () => {}, { gap: Number.NaN })).toThrow('expected a gap');
  await expect(kms.rotateManaged('unknown')).rejects.toThrow('no secret "unknown"');
});
