import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { configureSecrets, getSecretClient } from './process-client.ts';

afterEach(() => configureSecrets(newClient()).close());

function newClient(): SecretClient {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  return createSecretClient({ endpoints: [kms] });
}

test('keeps the first client that was configured', async () => {
  const client = newClient();

  expect(configureSecrets(client)).toBe(client);
  expect(configureSecrets(newClient())).toBe(client);
  expect(configureSecrets({ endpoints: [new FakeTransport()] })).toBe(client);
  expect(getSecretClient()).toBe(client);
});

test('creates the client from options', async () => {
  const kms = new FakeTransport();
  kms.put('db', 'v1');

  configureSecrets({ endpoints: [kms] });

  expect((await getSecretClient().get('db')).versionId).toBe('v1');
});

test('a second copy of the module, as after a hot reload, has the same client', async () => {
  const client = configureSecrets(newClient());

  vi.resetModules();
  const copy = await import('./process-client.ts');

  expect(copy.getSecretClient).not.toBe(getSecretClient);
  expect(copy.getSecretClient()).toBe(client);
});

test('keeps a closed client until another is configured', async () => {
  const client = configureSecrets(newClient());
  await client.close();
  const next = newClient();

  expect(getSecretClient()).toBe(client);
  expect(configureSecrets(next)).toBe(next);
  expect(getSecretClient()).toBe(next);
});

test('without setup, creates the client from the configuration at its first use', () => {
  Reflect.deleteProperty(globalThis, Symbol.for('@kms-secrets/next.client'));
  vi.stubEnv('KMS_SECRETS_CONFIG_FILE', '');

  expect(() => getSecretClient()).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION' }));
  vi.unstubAllEnvs();
});
