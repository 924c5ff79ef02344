import { FakeTransport } from '@kms-secrets/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { configureSecrets, createSecretClient, getSecretClient, register, withKmsSecrets } from './setup.ts';

function setup(): { kms: FakeTransport; emitExit: () => void } {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const listenersBefore = new Set(process.listeners('exit'));
  const emitExit = (): void => {
    for (const listener of process.listeners('exit')) if (!listenersBefore.has(listener)) listener(0);
  };
  return { kms, emitExit };
}

afterEach(() => {
  Reflect.deleteProperty(globalThis, Symbol.for('@kms-secrets/next.client'));
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test('register creates the client from options, and waits for its preload', async () => {
  const { kms } = setup();

  await register({ endpoints: [kms], preload: ['db'] });

  expect(getSecretClient().peek('db')?.versionId).toBe('v1');
});

test('register takes a client, too', async () => {
  const { kms } = setup();
  const client = createSecretClient({ endpoints: [kms], preload: ['db'] });

  await register(client);

  expect(getSecretClient()).toBe(client);
  expect(client.peek('db')?.versionId).toBe('v1');
});

test('register rejects if a preloaded secret cannot be read, and names it', async () => {
  const { kms } = setup();

  await expect(register({ endpoints: [kms], preload: ['db', 'gone'], retry: { maxAttempts: 1 } })).rejects.toThrow(
    /1 of 2 secrets could not be preloaded:[^]*gone/,
  );
});

test.each([
  ['a preloaded secret cannot be read', 'gone', { preload: ['gone'] }],
  ['the options are invalid', 'no-such-option', { 'no-such-option': true }],
])('in production, register ends the process if %s', async (_, named, options) => {
  const { kms } = setup();
  vi.stubEnv('NODE_ENV', 'production');
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => expect.fail('exit'));
  const print = vi.spyOn(console, 'error').mockImplementation(() => {});

  await expect(register({ endpoints: [kms], ...options })).rejects.toThrow('exit');

  expect(exit).toHaveBeenCalledWith(1);
  expect(print.mock.calls.join()).toContain('The server cannot start without its secrets');
  expect(print.mock.calls.join()).toContain(named);
});

test('register loads its preload if the client was configured before with the same options', async () => {
  const { kms } = setup();
  const options = { endpoints: [kms], preload: ['db'] };
  configureSecrets(options);

  await register(options);

  expect(getSecretClient().peek('db')?.versionId).toBe('v1');
});

test('closes the client when the process exits', async () => {
  const { kms, emitExit } = setup();
  await register({ endpoints: [kms] });
  const client = getSecretClient();
  const wasClosed = client.isClosed;

  emitExit();

  expect([wasClosed, client.isClosed]).toEqual([false, true]);
});

test('a second register, as after a hot reload, adds neither client nor listener', async () => {
  const { kms } = setup();
  vi.stubEnv('NODE_ENV', 'development');
  await register({ endpoints: [kms] });
  const client = getSecretClient();
  const listeners = process.listenerCount('exit');

  for (let reload = 0; reload < 10; reload += 1) await register({ endpoints: [kms] });

  expect(getSecretClient()).toBe(client);
  expect(process.listenerCount('exit')).toBe(listeners);
});

test('withKmsSecrets turns on taint, and leaves your own settings', () => {
  expect(withKmsSecrets()).toEqual({ experimental: { taint: true } });
  expect(withKmsSecrets({ output: 'standalone', experimental: { ppr: false } })).toEqual({
    output: 'standalone',
    experimental: { taint: true, ppr: false },
  });
  expect(withKmsSecrets({ experimental: { taint: false } })).toEqual({ experimental: { taint: false } });
});
