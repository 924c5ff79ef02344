import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';
import type { NextConfig } from 'next';
import { configureSecrets } from './process-client.ts';

export * from './core-exports.ts';
export { configureSecrets, getSecretClient } from './process-client.ts';

const closedAtExit = new WeakSet<SecretClient>();

/**
 * For `instrumentation.ts`: creates the client and waits for its `preload`, so that the server responds only once those secrets
 * are in memory. Rejects with `SecretSetError` if one cannot be read, and the server does not start. Takes a client, or the options
 * to create one from.
 *
 * The client is closed at the `exit` of the process, not at a signal: after SIGTERM, Next finishes the open requests first.
 */
export async function register(clientOrOptions?: SecretClient | SecretClientOptions): Promise<void> {
  const client = configureSecrets(clientOrOptions);
  if (!closedAtExit.has(client)) process.once('exit', () => void client.close());
  closedAtExit.add(client);
  await client.ready();
}

/**
 * Turns on `experimental.taint`, so that React refuses to send a secret's value to the browser, unless you have set it. Every other
 * setting stays as it is.
 */
export function withKmsSecrets(config: NextConfig = {}): NextConfig {
  return { ...config, experimental: { taint: true, ...config.experimental } };
}
