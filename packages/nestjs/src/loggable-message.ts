import { errorName, isError, isSecretError } from '@kms-secrets/core';

/** What may be logged of an error. The message of a foreign error may quote the value that it failed on. */
export function loggableMessage(error: unknown): string {
  if (isSecretError(error)) return error.message;
  return isError(error) ? `${errorName(error) ?? 'An error'} was thrown.` : 'A value that is not an Error was thrown.';
}
