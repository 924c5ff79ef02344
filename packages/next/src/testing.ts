import type { SecretClient } from '@kms-secrets/core';
import { setTestClient } from './process-client.ts';

/**
 * For unit tests: `getSecret`, `getSecretClient` and `secretsHealth` use this client, and need no request of Next. `undefined` ends
 * that.
 *
 *     beforeEach(() => provideSecrets(fixedSecrets({ 'prod/db': 'for-the-test' })));
 *     afterEach(() => provideSecrets(undefined));
 *
 * Throws in production (`NODE_ENV`): without a request, `getSecret` cannot check whether Next would store the value.
 */
export function provideSecrets(client: SecretClient | undefined): void {
  // oxlint-disable-next-line node/no-process-env -- set by Next
  if (client !== undefined && process.env['NODE_ENV'] === 'production') {
    throw new Error(
      'provideSecrets() of @kms-secrets/next/testing was called in production. It is for unit tests: call configureSecrets() or register() of @kms-secrets/next/setup instead.',
    );
  }
  setTestClient(client);
}
