import { safeMessage } from '../secret/errors.ts';
import { failures } from '../secret/failures.ts';
import { isError, safeCode } from '../secret/is-error.ts';
import { moduleErrorMessage } from '../secret/module-error.ts';
import type { FailureName } from '../secret/failures.ts';
import type { Secret } from '../secret/secret.ts';
import { describeThrown, withoutMessage } from '../secret/thrown-error.ts';
import type { SecretRequest } from '../secret/secret-request.ts';

/**
 * Sends requests to one endpoint over one protocol.
 *
 * `fetch` makes one attempt: it does not retry or wait, ends as soon as `signal` aborts, and rejects with a `FetchFailure`. It
 * may resend a request that the server cannot have seen, because the server had closed the kept-alive connection.
 */
export interface SecretTransport {
  /** The endpoint as shown to operators: a host, with its port if it is not 443. */
  readonly endpoint: string;
  /**
   * A name for what signs the requests, such as `credentials`. Of the transports with the same name, one accepted request shows
   * that the identity of all of them is accepted. Default: the endpoint.
   */
  readonly identity?: string | undefined;
  /** Fetches one secret. Rejects with a `FetchFailure`. */
  fetch(request: SecretRequest, signal: AbortSignal): Promise<Secret>;
  /**
   * Fetches up to 20 different secrets with one request to KMS, if the endpoint supports it. Resolves to one result for each of
   * `requests`, in their order. Rejects if the request as a whole failed.
   */
  fetchMany?(requests: readonly SecretRequest[], signal: AbortSignal): Promise<readonly (Secret | FetchFailure)[]>;
  /** Closes sockets and other resources. A later `fetch` rejects. */
  close(): Promise<void> | void;
}

/** The details of a failed attempt. None of them is secret. */
export interface FetchFailureDetails {
  /** The error code of KMS or of the system (`ECONNREFUSED`). */
  readonly code?: string | undefined;
  /** The HTTP status. */
  readonly status?: number | undefined;
  /** The id of the KMS request. */
  readonly requestId?: string | undefined;
  /** The server's Retry-After in milliseconds. Capped at one minute. */
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** A failed attempt. A transport rejects with it, and errors have it in `attempts` and as `cause`. */
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
    this.retryAfter = cappedDelay(details.retryAfter);
  }
}

/** The cap of `retryAfter` (ms): a wrong header must not stop refreshes. */
const maxRetryAfter = 60_000;

/** Returns `undefined` for anything but a positive number: a transport may be user code. */
function cappedDelay(ms: number | undefined): number | undefined {
  return typeof ms === 'number' && ms > 0 ? Math.min(ms, maxRetryAfter) : undefined;
}

/**
 * Converts an error of a transport into a `FetchFailure`.
 *
 * A failure is recognised by its property `failure`, not by its class: a transport may use another copy of this package. Any
 * other error is a bug in the transport and does not concern the secret.
 */
export function asFetchFailure(error: unknown): FetchFailure {
  if (error instanceof FetchFailure) return error;
  if (isFetchFailure(error)) return new FetchFailure(error.failure, error.message, error);
  if (moduleErrorMessage(error) !== undefined) return moduleFailure(error);
  // Without its message and fields: errors of SDKs contain access keys and signatures.
  return new FetchFailure('malformed', `Transport failed: ${describeThrown(error)}.`, { cause: withoutMessage(error) });
}

/** The failure for a module that could not be loaded. A retry only helps if the system was out of resources. */
export function moduleFailure(error: unknown): FetchFailure {
  const code = safeCode(error);
  const failure = code !== undefined && resourceCodes.has(code) ? 'unreachable' : 'rejected';
  const advice = 'If the app is bundled, see "Bundlers" in the README of @kms-secrets/core.';
  const message = `A module could not be loaded: ${moduleErrorMessage(error) ?? safeMessage(error)}. ${advice}`;
  return new FetchFailure(failure, message, { code, cause: withoutMessage(error) });
}

const resourceCodes: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EIO']);

/** Whether `error` is a `FetchFailure`, of this or of another copy of this package. */
export function isFetchFailure(error: unknown): error is FetchFailure {
  return isError(error) && 'failure' in error && Object.hasOwn(failures, String(error.failure));
}
