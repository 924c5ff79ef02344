import type { AnySecretError } from '../secret/errors.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../secret/secret-request.ts';

/** Your own code in the path of a fetch. */
export interface SecretHook {
  /**
   * Called with every secret that KMS or a store returns. Returns the secret to cache: the same one, or a copy made with
   * `secret.withText(…)`. If it throws, the new version is rejected and the cached one is served as stale.
   */
  transform?(secret: Secret): Secret | Promise<Secret>;
  /**
   * Called before a read fails because KMS is unavailable, once for concurrent reads of a secret, and may take
   * `attemptTimeout`. The returned secret is served as stale and is not cached. With `undefined` the read fails.
   */
  recover?(request: SecretRequest, error: AnySecretError): Secret | undefined | Promise<Secret | undefined>;
}
