import type { SecretErrorCode } from './errors.ts';

/** What the message of an error with `code` ends with. */
export function errorLink(code: SecretErrorCode): string {
  return `See https://kms-secrets.github.io/kms-secrets/errors#${code.toLowerCase()}`;
}
