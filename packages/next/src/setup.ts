import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';
import type { NextConfig } from 'next';
import { configureSecrets } from './process-client.ts';

export { createSecretClient, isSecretError } from '@kms-secrets/core';
export type { SecretClient, SecretClientOptions } from '@kms-secrets/core';
export { configureSecrets, getSecretClient } from './process-client.ts';

const closedAtExit = new WeakSet<SecretClient>();

/**
 * For `instrumentation.ts`: the server answers once every secret is there that is to be preloaded, and does not start, with the
 * reason, if one cannot be had. Takes a client, or the options to make one from.
 *
 * The client is closed when the process exits, and not at the signal that ends it: Next first answers the requests it has.
 */
export async function register(clientOrOptions?: SecretClient | SecretClientOptions): Promise<void> {
  const client = configureSecrets(clientOrOptions);
  if (!closedAtExit.has(client)) process.once('exit', () => void client.close());
  closedAtExit.add(client);
  await client.ready();
}

/**
 * Sets what makes React refuse to send a secret's value to the browser (`experimental.taint`), unless you have set it yourself.
 * Nothing else has to be configured; all other settings stay as they are.
 */
export function withKmsSecrets(config: NextConfig = {}): NextConfig {
  return { ...config, experimental: { taint: true, ...config.experimental } };
}
