import { inspect } from 'node:util';
import { Secret } from '@kms-secrets/core';
import { expect, test } from 'vitest';
import { taintSecret } from './taint-secret.ts';

function secretOf(value: string): Secret {
  const secret = new Secret({ name: 'prod/db', versionId: 'v1', dataType: 'text', value });
  taintSecret(secret);
  return secret;
}

test('leaves the class Secret unchanged', () => {
  const before = Reflect.ownKeys(Secret.prototype);
  secretOf('s3cret-one');

  expect(Reflect.ownKeys(Secret.prototype)).toEqual(before);
});

test('has no effect on code that awaits, serializes, clones or prints a secret', async () => {
  const secret = secretOf('s3cret-one');

  expect(await Promise.resolve(secret)).toBe(secret);
  expect(JSON.stringify({ secret })).toBe('{"secret":{"name":"prod/db","versionId":"v1"}}');
  expect(structuredClone(secret)).toEqual({ name: 'prod/db', versionId: 'v1' });
  expect(inspect(secret, { showHidden: true }).includes('s3cret-')).toBe(false);
  expect(secret).toEqual(secretOf('s3cret-two'));
  expect(String(secret)).toBe('Secret(prod/db)');
});
