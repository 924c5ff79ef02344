import { isError } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';
import type { NextConfig } from 'next';
import { configureSecrets } from './process-client.ts';

export * from './core-exports.ts';
export { configureSecrets, getSecretClient } from './process-client.ts';

const closedAtExit = new WeakSet<SecretClient>();

/**
 * For `instrumentation.ts`: creates the client and waits for its `preload`, so that the server responds only once those secrets
 * are in memory. Takes a client, or the options to create one from. An outage of KMS is waited for until `readyTimeout`.
 *
 * If a secret cannot be read or the options are invalid, a server in production (`NODE_ENV`) prints the error and exits with code 1,
 * so that its supervisor starts it again: Next calls `register` once, and would respond to every request with 500 after a rejection.
 * Otherwise this rejects with `SecretSetError` or `ConfigurationError`. `configureSecrets` creates the client without waiting.
 *
 * The client is closed at the `exit` of the process, not at a signal: after SIGTERM, Next finishes the open requests first.
 */
export async function register(clientOrOptions?: SecretClient | SecretClientOptions): Promise<void> {
  try {
    const client = configureSecrets(clientOrOptions);
    if (!closedAtExit.has(client)) process.once('exit', () => void client.close());
    closedAtExit.add(client);
    await client.ready();
  } catch (error) {
    // oxlint-disable-next-line node/no-process-env -- set by Next
    if (process.env['NODE_ENV'] === 'production') exitAfter(error);
    throw error;
  }
}

function exitAfter(error: unknown): void {
  const message = isError(error) ? error.message : String(error);
  // oxlint-disable-next-line no-console -- the process ends: there is no caller to whom the error could go
  console.error(`The server cannot start without its secrets, and exits with code 1. ${message}`);
  process.exit(1);
}

/**
 * Turns on `experimental.taint`, so that React refuses to send a secret's value to the browser, unless you have set it. Every other
 * setting stays as it is.
 */
export function withKmsSecrets(config: NextConfig = {}): NextConfig {
  return { ...config, experimental: { taint: true, ...config.experimental } };
}
