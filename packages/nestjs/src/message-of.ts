import { isSecretError } from '@kms-secrets/core';

/** What may be logged of an error: that of somebody else may quote the value that it choked on. */
export function messageOf(error: unknown): string {
  if (isSecretError(error)) return error.message;
  return error instanceof Error ? `${error.name} was thrown.` : 'Something that is not an error was thrown.';
}
