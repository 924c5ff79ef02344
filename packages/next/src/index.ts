import 'server-only';
import type { ReadOptions, Secret } from '@kms-secrets/core';
import { currentRequest } from './current-request.ts';
import { keepOnServer } from './keep-on-server.ts';
import { getSecretClient } from './process-client.ts';

export { isSecretError } from '@kms-secrets/core';
export type { AnySecretError, ReadOptions, Secret, SecretClient, SecretErrorCode } from '@kms-secrets/core';
export { SecretNotAllowedHereError } from './current-request.ts';
export { getSecretClient } from './process-client.ts';
export { secretErrors } from './secret-errors.ts';
export { secretsHealth } from './secrets-health.ts';

/** What each request that is being answered has seen, by its headers: the one object that all of Next's bundles have of it. */
const seenBy = new WeakMap<object, Map<string, Secret>>();

/**
 * Reads a secret in a server component, a route handler or a server action.
 *
 * A request sees one version of each secret from its beginning to its end, whatever is rotated meanwhile. What is rendered with
 * it is never prerendered or cached: the route becomes dynamic, and where that cannot be, this rejects with
 * `SecretNotAllowedHereError`. Else it rejects as `SecretClient.get` does.
 */
export async function getSecret(name: string, options?: ReadOptions): Promise<Secret> {
  const request = await currentRequest(name);
  let seen = seenBy.get(request);
  if (seen === undefined) seenBy.set(request, (seen = new Map()));
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
