import type { FetchFailure } from '@kms-secrets/core/internal';
import { isError } from '@kms-secrets/core/internal';

/** Whether an error is one of core's, whose message contains no secret. */
export function isFailure(error: unknown): error is FetchFailure {
  return isError(error) && error.name === 'FetchFailure' && 'failure' in error;
}

/** The message of a failure of core: what happened and what to do. */
export function messageOf(error: unknown): string | undefined {
  return isFailure(error) ? error.message : undefined;
}
