import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { configureSecrets, getSecretClient } from './process-client.ts';

const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});

beforeEach(() => {
  emitWarning.mockClear();
});
afterAll(() => {
  emitWarning.mockRestore();
});
afterEach(() => {
  Reflect.deleteProperty(globalThis, Symbol.for('@kms-secrets/next.client'));
  vi.unstubAllEnvs();
});

function newClient(): SecretClient {
  return createSecretClient({ endpoints: [newKms()] });
}

function newKms(): FakeTransport {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  return kms;
}

/** The settings with which `getSecretClient` creates a client by itself. */
function configureByEnvironment(): void {
  vi.stubEnv('cache_client_region_id', '[{"regionId":"cn-hangzhou"}]');
  vi.stubEnv('credentials_type', 'ak');
  vi.stubEnv('credentials_access_key_id', 'test');
  vi.stubEnv('credentials_access_secret', 'test');
}

test('creates the client from options', async () => {
  configureSecrets({ endpoints: [newKms()] });

  expect((await getSecretClient().get('db')).versionId).toBe('v1');
});

test('a second copy of the module, as after a hot reload, has the same client', async () => {
  const client = configureSecrets(newClient());

  vi.resetModules();
  const copy = await import('./process-client.ts');

  expect(copy.getSecretClient).not.toBe(getSecretClient);
  expect(copy.getSecretClient()).toBe(client);
});

test('without setup, creates the client from the configuration at its first use', () => {
  vi.stubEnv('KMS_SECRETS_CONFIG_FILE', '');

  expect(() => getSecretClient()).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION' }));
});

describe('a second configuration', () => {
  test.each([
    ['another client', () => newClient()],
    ['other options', () => ({ endpoints: [newKms()] })],
  ])('with %s keeps the first client, and warns', (_, second) => {
    const client = configureSecrets(newClient());

    expect(configureSecrets(second())).toBe(client);
    expect(getSecretClient()).toBe(client);
    expect(emitWarning).toHaveBeenCalledWith(expect.stringContaining('the first call wins'), expect.anything());
  });

  test('without options, or with the same client, is no mistake', () => {
    const client = configureSecrets(newClient());

    expect(configureSecrets()).toBe(client);
    expect(configureSecrets(client)).toBe(client);
    expect(emitWarning).not.toHaveBeenCalled();
  });

  test('does not warn in development, where each hot reload repeats it', () => {
    const client = configureSecrets(newClient());
    vi.stubEnv('NODE_ENV', 'development');

    expect(configureSecrets({ endpoints: [newKms()] })).toBe(client);
    expect(emitWarning).not.toHaveBeenCalled();
  });

  test.each([
    ['options', () => ({ endpoints: [newKms()], preload: ['db'] }), 'the options endpoints, preload'],
    ['a client', () => newClient(), 'another client'],
  ])('with %s throws if getSecretClient() had created the client', (_, second, got) => {
    configureByEnvironment();
    getSecretClient();

    expect(() => configureSecrets(second())).toThrow(new RegExp(`before the first getSecretClient.*${got}`, 'u'));
  });

  test('without options accepts the client that getSecretClient() had created', () => {
    configureByEnvironment();
    const client = getSecretClient();

    expect(configureSecrets()).toBe(client);
  });
});

describe('after close()', () => {
  test('getSecretClient() creates a client from the same options', async () => {
    const client = configureSecrets({ endpoints: [newKms()] });
    await client.close();

    expect(getSecretClient()).not.toBe(client);
    expect((await getSecretClient().get('db')).versionId).toBe('v1');
    expect(getSecretClient()).toBe(getSecretClient());
  });

  test('getSecretClient() creates a client from the environment again', async () => {
    configureByEnvironment();
    await getSecretClient().close();

    expect(getSecretClient().isClosed).toBe(false);
  });

  test('a closed client that the application made rejects reads, with one warning that says what to do', async () => {
    await configureSecrets(newClient()).close();

    await expect(getSecretClient().get('db')).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
    expect(getSecretClient().health().status).toBe('failing');
    expect(emitWarning.mock.calls).toEqual([[expect.stringContaining('Call configureSecrets()'), expect.anything()]]);
  });

  test('another client can be configured', async () => {
    await configureSecrets(newClient()).close();
    const next = newClient();

    expect(configureSecrets(next)).toBe(next);
    expect(getSecretClient()).toBe(next);
    expect(emitWarning).not.toHaveBeenCalled();
  });
});
