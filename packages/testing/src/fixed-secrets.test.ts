import { isSecretError } from '@kms-secrets/core';
import { expect, onTestFinished, test, vi } from 'vitest';

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

test('reads neither the environment nor a configuration file', async () => {
  process.env['KMS_SECRETS_TTL'] = 'abc';
  process.env['KMS_SECRETS_CONFIG_FILE'] = '/nowhere/kms.properties';
  onTestFinished(() => {
    delete process.env['KMS_SECRETS_TTL'];
    delete process.env['KMS_SECRETS_CONFIG_FILE'];
  });

  const client = fixedSecrets({ key: 's3cret-key' });

  expect((await client.get('key')).versionId).toBe('v1');
});

test('a changed date does not make secrets expire', async () => {
  const client = fixedSecrets({ key: 's3cret-key' });
  await client.ready();
  const handle = client.handle('key');
  const inTenYears = Date.now() + 3_650 * 86_400_000;
  const now = vi.spyOn(Date, 'now').mockReturnValue(inTenYears);
  onTestFinished(() => now.mockRestore());
  // The clock of the machine is read once per turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve));

  expect(client.peek('key')?.stale).toBe(false);
  expect(handle.current.versionId).toBe('v1');
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

test('rotate() gives the client a new version and emits rotated', async () => {
  const client = fixedSecrets({ key: 's3cret-key' });
  await client.ready();
  const versions: (string | undefined)[] = [];
  client.on('rotated', ({ versionId, previousVersionId }) => versions.push(previousVersionId, versionId));

  const rotated = await client.rotate('key', 's3cret-new');

  expect(rotated.text() === 's3cret-new').toBe(true);
  expect(client.peek('key')).toBe(rotated);
  expect(versions).toEqual(['v1', 'v2']);
});

test('deny() makes the client drop the secret and deny reads', async () => {
  const client = fixedSecrets({ key: 's3cret-key', other: 's3cret-other' });
  await client.ready();

  await client.deny('key');

  expect(client.peek('key')).toBeUndefined();
  await expect(client.get('key')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
  expect((await client.get('other')).versionId).toBe('v1');
});

test('rotate() allows a denied secret again', async () => {
  const client = fixedSecrets({ key: 's3cret-key' });
  await client.deny('key');

  await client.rotate('key', 's3cret-new');

  expect((await client.get('key')).versionId).toBe('v2');
});
