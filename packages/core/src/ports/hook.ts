import type { AnySecretError } from '../secret/errors.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from './transport.ts';

/** Your own code in the path of a fetch. */
export interface SecretHook {
  /**
   * Sees every secret that was fetched before anyone else does, and returns what to keep: the same, or another made with
   * `secret.withText(…)`. Throwing refuses the new version: the one before it is served on, as stale.
   */
  transform?(secret: Secret): Secret | Promise<Secret>;
  /**
   * Asked before a read fails because KMS cannot be reached. What it returns is served, as stale, and not remembered;
   * `undefined` lets the read fail.
   */
  recover?(request: SecretRequest, error: AnySecretError): Secret | undefined | Promise<Secret | undefined>;
}
