import type { ReadOptions, Secret } from '@kms-secrets/core';
import { getSecretClient, getTestClient } from './process-client.ts';
import { secretsOfRequest } from './request-secrets.ts';
import { taintSecret } from './taint-secret.ts';

export * from './core-exports.ts';
export { getSecretClient } from './process-client.ts';
export { SecretNotAllowedHereError } from './request-secrets.ts';
export { secretErrors } from './secret-errors.ts';
export { secretsHealth } from './secrets-health.ts';

/**
 * Reads a secret in a server component, a route handler or a server action.
 *
 * A request sees one version of each secret until it ends; later requests see a rotation. The route becomes dynamic, so that the
 * result is neither prerendered nor cached. Where that is impossible, this rejects with `SecretNotAllowedHereError`. Otherwise it
 * rejects as `SecretClient.get` does.
 */
export async function getSecret(name: string, options?: ReadOptions): Promise<Secret> {
  const testClient = getTestClient();
  if (testClient !== undefined) return testClient.get(name, options);
  const secrets = await secretsOfRequest(name);
  const key = options === undefined ? name : `${name}\n${options.stage ?? ''}\n${options.versionId ?? ''}`;
  const present = secrets.get(key);
  if (present !== undefined) return present;
  const secret = await getSecretClient().get(name, options);
  // The first version wins: a concurrent read of the same name may have ended before.
  const first = secrets.get(key) ?? secret;
  secrets.set(key, first);
  taintSecret(first);
  return first;
}
