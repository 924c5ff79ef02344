import {
  AccessDeniedError,
  DeadlineExceededError,
  IdentityRejectedError,
  RequestRejectedError,
  SecretDisabledError,
  SecretNotFoundError,
  SecretUnavailableError,
} from '../secret/errors.ts';
import type { AnySecretError, Attempt } from '../secret/errors.ts';
import { failures } from '../secret/failures.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { SecretRequest } from '../secret/secret-request.ts';

/** What a fetch has done so far. */
export interface FetchProgress {
  /** The attempts that have failed and the endpoints that were skipped. */
  readonly attempts: readonly Attempt[];
  /** What the stores returned. */
  readonly storeLines?: readonly string[];
}

export const noProgress: FetchProgress = { attempts: [] };

/**
 * Returns the error of a failed fetch. Its `cause` is `failure` if that was final, otherwise the failure of the last attempt.
 * The advice in the message is that of the transport, which knows the status and the code.
 */
export function fetchError(
  request: SecretRequest,
  failure: FetchFailure,
  { attempts, storeLines = [] }: FetchProgress,
): AnySecretError {
  const secret = secretText(request);
  const secretInSentence = secret.replace('Secret', 'secret');
  const last = attempts.at(-1);
  const cause = failures[failure.failure].failover ? (last?.error ?? failure) : failure;
  const requestId = cause instanceof FetchFailure ? cause.requestId : undefined;
  const details = { secretName: request.name, endpoint: last?.endpoint, requestId, cause };
  switch (failure.failure) {
    case 'notFound':
      return new SecretNotFoundError(`${secret} was not found. ${failure.message}`, details);
    case 'denied':
      return new AccessDeniedError(`KMS denied access to ${secretInSentence}. ${failure.message}`, details);
    case 'disabled':
      return new SecretDisabledError(`${secret} or its key is disabled. ${failure.message}`, details);
    case 'rejected': {
      // Without a status, no request was sent: a credentials provider or a module loader failed.
      const problem =
        failure.status === undefined
          ? `${secret} could not be requested`
          : `KMS rejected the request for ${secretInSentence}`;
      return new RequestRejectedError(`${problem}. ${failure.message}`, details);
    }
    case 'identity': {
      const problem = `${secret} could not be fetched: the identity of this client is rejected`;
      const lines = attempts.length > 0 ? attemptLines(attempts) : ` ${failure.message}`;
      return new IdentityRejectedError(`${problem}.${lines}${linesOf(storeLines)}`, { ...details, attempts });
    }
    case 'throttled':
    case 'unavailable':
    case 'unreachable':
    case 'malformed':
    case 'hookRejected':
    case 'untrusted':
      return new SecretUnavailableError(
        `${secret} could not be fetched${reasonText(failure, attempts)}${linesOf(storeLines)}`,
        { ...details, attempts },
      );
    default:
      return failure.failure satisfies never;
  }
}

/** Returns the error of a read whose deadline of `ms` milliseconds passed before its fetch ended. */
export function deadlineError(
  request: SecretRequest,
  ms: number,
  { attempts, storeLines = [] }: FetchProgress,
): DeadlineExceededError {
  const last = attempts.at(-1);
  const result = attempts.length === 0 ? ' No attempt ended in that time.' : attemptLines(attempts);
  return new DeadlineExceededError(
    `${secretText(request)} could not be read within its deadline of ${ms} ms.${result}${linesOf(storeLines)}`,
    { secretName: request.name, endpoint: last?.endpoint, cause: last?.error, attempts: [...attempts] },
  );
}

function secretText({ name, stage, versionId }: SecretRequest): string {
  if (versionId !== undefined) return `Secret "${name}" (version ${versionId})`;
  return stage === undefined ? `Secret "${name}"` : `Secret "${name}" (${stage})`;
}

function reasonText(failure: FetchFailure, attempts: readonly Attempt[]): string {
  const isFinal = !failures[failure.failure].failover;
  if (attempts.length > 0 && !isFinal) return `: all endpoints failed.${attemptLines(attempts)}`;
  return `. ${failure.message}${attemptLines(attempts.filter(({ error }) => error !== failure))}`;
}

/** Returns one line per endpoint, with the number of its attempts and its last error. */
function attemptLines(attempts: readonly Attempt[]): string {
  const lines = new Map<string, { readonly last: Attempt; readonly count: number }>();
  for (const last of attempts) {
    const count = (lines.get(last.endpoint)?.count ?? 0) + (last.isSkipped === true ? 0 : 1);
    lines.set(last.endpoint, { last, count });
  }
  return linesOf(Array.from(lines.values(), attemptLine));
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `\n  - ${line}`).join('');
}

function attemptLine({ last, count }: { readonly last: Attempt; readonly count: number }): string {
  const { endpoint, failure, error, isSkipped } = last;
  const times = count === 1 ? '1 attempt' : `${count} attempts`;
  if (isSkipped === true) return count === 0 ? error.message : `${error.message} (after ${times})`;
  return `${endpoint}: ${times}, ${count === 1 ? 'error' : 'last error'} (${failure}): ${error.message}`;
}
