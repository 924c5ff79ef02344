import { isSecretError } from '@kms-secrets/core';
import { expect, test } from 'vitest';

import { FakeClock } from './fake-clock.ts';
import { fixedSecrets } from './fixed-secrets.ts';

test('strings, objects and bytes are read back as their type', async () => {
  const client = fixedSecrets({
    key: 's3cret-key',
    empty: '',
    db: { user: 'app', password: 's3cret-db' },
    pem: new TextEncoder().encode('s3cret-ключ'),
  });

  const { key, empty, db, pem } = await client.getMany(['key', 'empty', 'db', 'pem']);

  expect([key.text() === 's3cret-key', empty.text()]).toEqual([true, '']);
  expect(db.json()).toMatchObject({ user: 'app' });
  expect(new TextDecoder().decode(pem.bytes()) === 's3cret-ключ').toBe(true);
});

test('after ready(), peek() returns every secret', async () => {
  const client = fixedSecrets({ key: 's3cret-key', ['__proto__']: 's3cret-none', constructor: 's3cret-other' });

  await client.ready();

  expect(['key', '__proto__', 'constructor'].map((name) => client.peek(name)?.versionId)).toEqual(['v1', 'v1', 'v1']);
});

test('any other name is not found', async () => {
  const reading = fixedSecrets({ key: 's3cret-key' }).get('toString');

  expect(isSecretError(await reading.catch((error: unknown) => error), 'ERR_SECRET_NOT_FOUND')).toBe(true);
});

test('bytes that are not UTF-8 are rejected', () => {
  expect(() => fixedSecrets({ pem: Uint8Array.of(0xff, 0xfe) })).toThrow(TypeError);
});

test('accepts the other client options', async () => {
  const clock = new FakeClock();
  const client = fixedSecrets({ key: 's3cret-key' }, { clock, ttl: '1m', preload: [] });

  await client.ready();
  expect(client.peek('key')).toBeUndefined();
  await client.get('key');
  expect(client.describe().secrets).toMatchObject([{ name: 'key', ttl: 60_000 }]);
});
