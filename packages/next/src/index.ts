import 'server-only';
import type { ReadOptions, Secret } from '@kms-secrets/core';
import { keepOnServer } from './keep-on-server.ts';
import { getSecretClient } from './process-client.ts';
import { secretsOfRequest } from './request-secrets.ts';

export { isSecretError } from '@kms-secrets/core';
export type { AnySecretError, ReadOptions, Secret, SecretClient, SecretErrorCode } from '@kms-secrets/core';
export { getSecretClient } from './process-client.ts';
export { SecretNotAllowedHereError } from './request-secrets.ts';
export { secretErrors } from './secret-errors.ts';
export { secretsHealth } from './secrets-health.ts';

/**
 * Reads a secret in a server component, a route handler or a server action.
 *
 * A request sees one version of each secret from its beginning to its end, whatever is rotated meanwhile. What is rendered with
 * it is never prerendered or cached: the route becomes dynamic, and where that cannot be, this rejects with
 * `SecretNotAllowedHereError`. Else it rejects as `SecretClient.get` does.
 */
export async function getSecret(name: string, options?: ReadOptions): Promise<Secret> {
  const seen = await secretsOfRequest(name);
  const key = options === undefined ? name : `${name}\n${options.stage ?? ''}\n${options.versionId ?? ''}`;
  const present = seen.get(key);
  if (present !== undefined) return present;
  const secret = await getSecretClient().get(name, options);
  // Another read of the same name may have been under way: the first to come stays.
  const first = seen.get(key) ?? secret;
  seen.set(key, first);
  keepOnServer(first);
  return first;
}
