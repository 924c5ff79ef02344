import {
  AccessDeniedError,
  DeadlineExceededError,
  RequestRejectedError,
  SecretDisabledError,
  SecretNotFoundError,
  SecretUnavailableError,
} from '../secret/errors.ts';
import type { AnySecretError, Attempt } from '../secret/errors.ts';
import { failures } from '../secret/failures.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { SecretRequest } from '../ports/transport.ts';

/** The error that a fetch which came to nothing is told as. The last attempt is its cause; `attempts` has them all. */
export function fetchError(
  request: SecretRequest,
  failure: FetchFailure,
  attempts: readonly Attempt[],
): AnySecretError {
  const what = secretText(request);
  const last = attempts.at(-1);
  // What settled it, where something did; else whatever was tried last.
  const cause = failures[failure.failure].failover ? (last?.error ?? failure) : failure;
  const requestId = cause instanceof FetchFailure ? cause.requestId : undefined;
  const details = { secretName: request.name, endpoint: last?.endpoint, requestId, cause };
  switch (failure.failure) {
    case 'notFound':
      return new SecretNotFoundError(
        `KMS knows no ${what}. ${failure.message} Check the name, the stage or version, and the region that is asked.`,
        details,
      );
    case 'denied':
      return new AccessDeniedError(
        `KMS refuses the ${what}. ${failure.message} Check the credentials, and that they are allowed kms:GetSecretValue on it.`,
        details,
      );
    case 'disabled':
      return new SecretDisabledError(
        `KMS gives out the ${what} to nobody. ${failure.message} Check the state of the secret and of its key.`,
        details,
      );
    case 'rejected':
      return new RequestRejectedError(`The request for the ${what} was refused. ${failure.message}`, details);
    case 'throttled':
    case 'unavailable':
    case 'unreachable':
    case 'malformed':
    case 'hookRejected':
    case 'untrusted':
      return new SecretUnavailableError(`The ${what} could not be fetched. ${attemptsText(attempts, failure)}`, {
        ...details,
        attempts,
      });
    default:
      return failure.failure satisfies never;
  }
}

/** What a reader gets whose budget ran out while the fetch goes on. */
export function deadlineError(request: SecretRequest, ms: number, attempts: readonly Attempt[]): DeadlineExceededError {
  const tried = attempts.length === 0 ? 'No attempt had ended by then.' : attemptsText(attempts);
  return new DeadlineExceededError(
    `The ${secretText(request)} could not be read within its deadline of ${ms} ms. ${tried}`,
    {
      secretName: request.name,
      endpoint: attempts.at(-1)?.endpoint,
      cause: attempts.at(-1)?.error,
      attempts: [...attempts],
    },
  );
}

function secretText({ name, stage, versionId }: SecretRequest): string {
  if (versionId !== undefined) return `secret "${name}" (version ${versionId})`;
  return stage === undefined ? `secret "${name}"` : `secret "${name}" (${stage})`;
}

/** One line an endpoint, with its last failure: five tries at one host are one fact. */
function attemptsText(attempts: readonly Attempt[], failure?: FetchFailure): string {
  const last = new Map<string, { readonly text: string; readonly times: number }>();
  for (const { endpoint, failure: name, error, isSkipped = false } of attempts) {
    const times = (last.get(endpoint)?.times ?? 0) + (isSkipped ? 0 : 1);
    last.set(endpoint, { text: `${name}: ${error.message}`, times });
  }
  if (last.size === 0) return failure?.message ?? '';
  const lines = [...last].map(([endpoint, { text, times }]) => `  - ${endpoint}, ${timesText(times)}, ${text}`);
  return `What was tried:\n${lines.join('\n')}`;
}

function timesText(times: number): string {
  if (times === 0) return 'not asked';
  return times === 1 ? 'asked once' : `asked ${times} times`;
}
