import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';

/**
 * Next bundles pages, route handlers, the proxy and the instrumentation each with a copy of this module, and makes new copies
 * at a hot reload. The global symbol is the one place that all of them share.
 */
const slot: unique symbol = Symbol.for('@kms-secrets/next.client');
const shared: typeof globalThis & { [slot]?: SecretClient } = globalThis;

/**
 * Says which client this process has: one that you made, or the options to make one from. Returns the one that it has.
 *
 * The first call counts, also over hot reloads, until that client is closed; options that you change count from the next start.
 */
export function configureSecrets(clientOrOptions: SecretClient | SecretClientOptions = {}): SecretClient {
  const present = shared[slot];
  if (present !== undefined && !present.describe().isClosed) return present;
  const client = 'getMany' in clientOrOptions ? clientOrOptions : createSecretClient(clientOrOptions);
  shared[slot] = client;
  return client;
}

/**
 * The client of this process; made from `secretsmanager.properties` or the environment if `register` or `configureSecrets`
 * did not make it. Made when it is first asked for: `next build` needs no configuration.
 *
 * For what happens outside of a request. It does not look whether its caller is being prerendered: `getSecret` does.
 */
export function getSecretClient(): SecretClient {
  return shared[slot] ?? configureSecrets();
}
