import { ConfigurationError, createSecretClient, isSecretClient } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';

/** The client of a process, and what it was created from. */
interface ProcessClient {
  readonly client: SecretClient;
  /** `undefined` for a client of the application. */
  readonly options: SecretClientOptions | undefined;
  /** Whether the first call of `getSecretClient` created it, before any configuration. */
  readonly isImplicit: boolean;
}

/**
 * Next bundles a copy of this module into pages, route handlers, the proxy and the instrumentation each, and loads new copies at a
 * hot reload. The global symbols are what all copies share.
 */
const slot: unique symbol = Symbol.for('@kms-secrets/next.client');
const testSlot: unique symbol = Symbol.for('@kms-secrets/next.test-client');
const shared: typeof globalThis & { [slot]?: ProcessClient; [testSlot]?: SecretClient | undefined } = globalThis;

/**
 * Sets the client of this process: a client of your own, or the options to create one from. Returns the client that is set.
 *
 * The first call wins, also across hot reloads, until that client is closed. Changed options take effect at the next start.
 *
 * Throws `ConfigurationError` if the options are invalid, or if `getSecretClient` has already created a client without them.
 */
export function configureSecrets(clientOrOptions: SecretClient | SecretClientOptions = {}): SecretClient {
  const present = shared[slot];
  if (present === undefined || present.client.isClosed) return setClient(clientOrOptions, false);
  if (changesClient(clientOrOptions, present)) {
    if (present.isImplicit) throw tooLate(clientOrOptions);
    warnOfSecondConfiguration();
  }
  return present.client;
}

/**
 * The client of this process, for code outside of requests. Created at the first call from `secretsmanager.properties` or the
 * environment, unless `register` or `configureSecrets` set it: `next build` needs no configuration. Created again from the same
 * options if it was closed. A client of your own cannot be created again: its reads reject with `ClientClosedError`.
 *
 * Does not check whether its caller is prerendered, unlike `getSecret`.
 *
 * Throws `ConfigurationError` if the options are invalid.
 */
export function getSecretClient(): SecretClient {
  const testClient = shared[testSlot];
  if (testClient !== undefined) return testClient;
  const present = shared[slot];
  if (present === undefined) return setClient({}, true);
  if (!present.client.isClosed) return present.client;
  if (present.options !== undefined) return setClient(present.options, present.isImplicit);
  warnOfClosedClient(present.client);
  return present.client;
}

/** The client that a test provides, which is read without a request of Next. */
export function getTestClient(): SecretClient | undefined {
  return shared[testSlot];
}

export function setTestClient(client: SecretClient | undefined): void {
  shared[testSlot] = client;
}

function setClient(clientOrOptions: SecretClient | SecretClientOptions, isImplicit: boolean): SecretClient {
  const created: ProcessClient = isSecretClient(clientOrOptions)
    ? { client: clientOrOptions, options: undefined, isImplicit }
    : { client: createSecretClient(clientOrOptions), options: clientOrOptions, isImplicit };
  shared[slot] = created;
  return created.client;
}

function changesClient(clientOrOptions: SecretClient | SecretClientOptions, present: ProcessClient): boolean {
  if (isSecretClient(clientOrOptions)) return clientOrOptions !== present.client;
  return clientOrOptions !== present.options && Object.values(clientOrOptions).some((value) => value !== undefined);
}

const loadLater = `Import the module that calls getSecretClient() after register(): \`await import('./lib/db')\` in instrumentation.ts, or call it inside of a function.`;

/** To replace the client would lose the listeners and handles that its callers have. */
function tooLate(clientOrOptions: SecretClient | SecretClientOptions): ConfigurationError {
  const got = isSecretClient(clientOrOptions)
    ? 'another client'
    : `the options ${Object.keys(clientOrOptions).join(', ')}`;
  return new ConfigurationError([
    {
      key: 'register() or configureSecrets()',
      source: '@kms-secrets/next/setup',
      got: `${got}, after getSecretClient() had created the client of this process from the environment`,
      expected: `a call before the first getSecretClient(). ${loadLater}`,
    },
  ]);
}

const warnedOf = new WeakSet<SecretClient>();

function warnOfClosedClient(client: SecretClient): void {
  if (warnedOf.has(client)) return;
  warnedOf.add(client);
  process.emitWarning(
    'getSecretClient() or getSecret() was called after the client that was passed to configureSecrets() or register() was closed: its reads reject with ERR_CLIENT_CLOSED. Call configureSecrets() with a new client, or pass options, from which the client is created again.',
    { type: 'SecretsWarning', code: 'KMS_SECRETS_CLIENT_CLOSED' },
  );
}

/** Not in development, where each hot reload configures the client again. */
function warnOfSecondConfiguration(): void {
  // oxlint-disable-next-line node/no-process-env -- set by Next
  if (process.env['NODE_ENV'] === 'development') return;
  process.emitWarning(
    'register() or configureSecrets() was called again with other options or another client, which are not used: the first call wins until that client is closed. Call it once, or close the client first.',
    { type: 'SecretsWarning', code: 'KMS_SECRETS_CONFIGURED_TWICE' },
  );
}
