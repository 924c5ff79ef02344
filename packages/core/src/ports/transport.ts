import { messageOf } from '../secret/errors.ts';
import { failures } from '../secret/failures.ts';
import type { FailureName } from '../secret/failures.ts';
import type { Secret } from '../secret/secret.ts';

/** What is asked of KMS: one secret, by stage or by version. */
export interface SecretRequest {
  /** Name or ARN, as the user wrote it. */
  readonly name: string;
  readonly stage?: string | undefined;
  readonly versionId?: string | undefined;
}

/**
 * How the bytes go: one endpoint, one way to ask it.
 *
 * `fetch` makes one attempt. It neither retries nor waits, ends as soon as `signal` fires, and rejects with a
 * `FetchFailure` that says what the failure was. Asking once more at once is no retry where the server cannot have seen
 * the request: on a kept connection that it had closed meanwhile.
 */
export interface SecretTransport {
  /** Where it asks, as an operator would write it: a host, with its port if it is not 443. */
  readonly endpoint: string;
  fetch(request: SecretRequest, signal: AbortSignal): Promise<Secret>;
  /**
   * As `fetch`, for up to 20 different secrets by one request, where the endpoint knows how: what came of each, in the order
   * in which they were asked. Rejects where nothing can be said of them one by one.
   */
  fetchMany?(requests: readonly SecretRequest[], signal: AbortSignal): Promise<readonly (Secret | FetchFailure)[]>;
  /** Gives back sockets and the like; a fetch after it is refused. */
  close(): Promise<void> | void;
}

/** What is known of a failed attempt besides its name; nothing here is secret. */
export interface FetchFailureDetails {
  /** The code KMS answered with, or the system's (`ECONNREFUSED`). */
  readonly code?: string | undefined;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  /** Milliseconds that the server asked us to wait; of more than a minute, a minute is waited. */
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** One attempt that failed: what a transport rejects with. Users meet it in `attempts` and as a `cause`. */
export class FetchFailure extends Error {
  override readonly name = 'FetchFailure';
  readonly failure: FailureName;
  readonly code: string | undefined;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(failure: FailureName, message: string, details: FetchFailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.failure = failure;
    this.code = details.code;
    this.status = details.status;
    this.requestId = details.requestId;
    this.retryAfter = boundedWait(details.retryAfter);
  }
}

/** A server that asks for more than this is not obeyed: a read has its own deadline, and a mistake must not stop refreshing. */
const longestRetryAfter = 60_000;

/** What is no time (a transport is anybody's code) is not obeyed at all. */
function boundedWait(ms: number | undefined): number | undefined {
  return typeof ms === 'number' && ms > 0 ? Math.min(ms, longestRetryAfter) : undefined;
}

/**
 * Whatever a transport threw, as a failure.
 *
 * Recognised by its field, not its class: a transport may come with another copy of this package. Anything else is a
 * fault in the transport, which says nothing about the secret.
 */
export function asFetchFailure(error: unknown): FetchFailure {
  if (error instanceof FetchFailure) return error;
  if (isFetchFailure(error)) return new FetchFailure(error.failure, error.message, error);
  // Not as the cause: an SDK's own errors hold access keys and signatures.
  return new FetchFailure('malformed', `The transport failed in a way that it does not name: ${messageOf(error)}.`);
}

export function isFetchFailure(error: unknown): error is FetchFailure {
  return error instanceof Error && 'failure' in error && Object.hasOwn(failures, String(error.failure));
}
