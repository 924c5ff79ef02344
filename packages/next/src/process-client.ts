import { createSecretClient, isSecretClient } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';

/**
 * Next bundles a copy of this module into pages, route handlers, the proxy and the instrumentation each, and loads new copies at a
 * hot reload. The global symbol is what all copies share.
 */
const slot: unique symbol = Symbol.for('@kms-secrets/next.client');
const shared: typeof globalThis & { [slot]?: SecretClient } = globalThis;

/**
 * Sets the client of this process: a client of your own, or the options to create one from. Returns the client that is set.
 *
 * The first call wins, also across hot reloads, until that client is closed. Changed options take effect at the next start.
 */
export function configureSecrets(clientOrOptions: SecretClient | SecretClientOptions = {}): SecretClient {
  const present = shared[slot];
  if (present !== undefined && !present.isClosed) return present;
  const client = isSecretClient(clientOrOptions) ? clientOrOptions : createSecretClient(clientOrOptions);
  shared[slot] = client;
  return client;
}

/**
 * The client of this process, for code outside of requests. Created at the first call from `secretsmanager.properties` or the
 * environment, unless `register` or `configureSecrets` set it: `next build` needs no configuration.
 *
 * Does not check whether its caller is prerendered, unlike `getSecret`.
 */
export function getSecretClient(): SecretClient {
  return shared[slot] ?? configureSecrets();
}
