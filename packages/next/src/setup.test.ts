import { FakeTransport } from '@kms-secrets/testing';
import { afterEach, expect, test } from 'vitest';
import { configureSecrets, createSecretClient, getSecretClient, register, withKmsSecrets } from './setup.ts';

function setup(): { kms: FakeTransport; closeAtExit: () => void } {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const before = new Set(process.listeners('exit'));
  const closeAtExit = (): void => {
    for (const listener of process.listeners('exit')) if (!before.has(listener)) listener(0);
  };
  return { kms, closeAtExit };
}

afterEach(() => configureSecrets(createSecretClient({ endpoints: [new FakeTransport()] })).close());

test('register makes the client from options, and waits for what is to be preloaded', async () => {
  const { kms } = setup();

  await register({ endpoints: [kms], preload: ['db'] });

  expect(getSecretClient().peek('db')?.versionId).toBe('v1');
});

test('register takes a client as well', async () => {
  const { kms } = setup();
  const client = createSecretClient({ endpoints: [kms], preload: ['db'] });

  await register(client);

  expect(getSecretClient()).toBe(client);
  expect(client.peek('db')?.versionId).toBe('v1');
});

test('register fails, and names what is missing, while a secret cannot be had that is to be preloaded', async () => {
  const { kms } = setup();

  await expect(register({ endpoints: [kms], preload: ['db', 'gone'], retry: { maxAttempts: 1 } })).rejects.toThrow(
    /1 of 2 secrets could not be preloaded:[^]*gone/,
  );
});

test('the client is closed when the process exits, and not before', async () => {
  const { kms, closeAtExit } = setup();
  await register({ endpoints: [kms] });
  const client = getSecretClient();
  const wasClosed = client.describe().isClosed;

  closeAtExit();

  expect([wasClosed, client.describe().isClosed]).toEqual([false, true]);
});

test('register that is called again, as at a hot reload, neither makes a client nor adds a listener', async () => {
  const { kms } = setup();
  await register({ endpoints: [kms] });
  const [client, listeners] = [getSecretClient(), process.listenerCount('exit')];

  for (let reload = 0; reload < 10; reload += 1) await register({ endpoints: [kms] });

  expect(getSecretClient()).toBe(client);
  expect(process.listenerCount('exit')).toBe(listeners);
});

test('withKmsSecrets turns on what keeps values from the browser, and leaves all that you set as you set it', () => {
  expect(withKmsSecrets()).toEqual({ experimental: { taint: true } });
  expect(withKmsSecrets({ output: 'standalone', experimental: { ppr: false } })).toEqual({
    output: 'standalone',
    experimental: { taint: true, ppr: false },
  });
  expect(withKmsSecrets({ experimental: { taint: false } })).toEqual({ experimental: { taint: false } });
});
