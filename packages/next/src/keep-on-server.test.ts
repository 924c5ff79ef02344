import { Secret } from '@kms-secrets/core';
import { expect, test } from 'vitest';
import { inspect } from 'node:util';
import { keepOnServer } from './keep-on-server.ts';

function secretOf(value: string): Secret {
  const secret = new Secret({ name: 'prod/db', versionId: 'v1', dataType: 'text', value });
  keepOnServer(secret);
  return secret;
}

test('what React asks an object before it sends it is answered with the name of the secret, and not with its value', () => {
  const secret = secretOf('s3cret-one');

  expect(() => Reflect.get(secret, '@@iterator')).toThrow(
    'Secret "prod/db" must not be sent to the browser. Hand a client component what you made of it, never the secret or a part of it.',
  );
});

test('nothing else that handles a secret notices', async () => {
  const secret = secretOf('s3cret-one');

  expect(await Promise.resolve(secret)).toBe(secret);
  expect(JSON.stringify({ secret })).toBe('{"secret":{"name":"prod/db","versionId":"v1"}}');
  expect(structuredClone(secret)).toEqual({ name: 'prod/db', versionId: 'v1' });
  expect(inspect(secret, { showHidden: true }).includes('s3cret-')).toBe(false);
  expect(secret).toEqual(secretOf('s3cret-two'));
  expect(String(secret)).toBe('Secret(prod/db)');
});
