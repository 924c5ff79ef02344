import type { AnySecretError } from '../secret/errors.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../secret/secret-request.ts';

/** Your own code in the fetch path. */
export interface SecretHook {
  /**
   * Called with every fetched secret. Returns the secret to cache: the same one, or a copy made with `secret.withText(…)`. If
   * it throws, the new version is rejected and the cached one is served as stale.
   */
  transform?(secret: Secret): Secret | Promise<Secret>;
  /**
   * Called before a read fails because KMS is unavailable. The returned secret is served as stale and is not cached; with
   * `undefined` the read fails.
   */
  recover?(request: SecretRequest, error: AnySecretError): Secret | undefined | Promise<Secret | undefined>;
}
