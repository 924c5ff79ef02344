import { safeMessage } from '../secret/errors.ts';
import { failures } from '../secret/failures.ts';
import { fieldOf, isError, safeCode } from '../secret/is-error.ts';
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

/** The instances of this copy of the package. A proxy of one is none. */
const instances = new WeakSet<FetchFailure>();

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
    instances.add(this);
  }
}

/** The cap of `retryAfter` (ms): a wrong header must not stop refreshes. */
const maxRetryAfter = 60_000;

/** Returns `undefined` for anything but a positive number: a transport may be user code. */
function cappedDelay(ms: number | undefined): number | undefined {
  return typeof ms === 'number' && ms > 0 ? Math.min(ms, maxRetryAfter) : undefined;
}

/**
 * Converts an error of a transport into a `FetchFailure`. Never throws, whatever the transport has thrown.
 *
 * A failure is recognised by its property `failure`, not by its class: a transport may use another copy of this package. Any
 * other error, and a failure of an unknown name, is a bug in the transport and does not concern the secret.
 */
export function asFetchFailure(error: unknown): FetchFailure {
  try {
    return toFetchFailure(error);
  } catch {
    // A proxy or a getter has thrown.
    return new FetchFailure('malformed', 'Transport failed: a value that cannot be read was thrown.');
  }
}

function toFetchFailure(error: unknown): FetchFailure {
  if (isFetchFailure(error)) return hasOwnFields(error) ? error : copyOf(error);
  if (moduleErrorMessage(error) !== undefined) return moduleFailure(error);
  // Without its message and fields: errors of SDKs contain access keys and signatures.
  return new FetchFailure('malformed', `Transport failed: ${describeFailure(error)}.`, {
    cause: withoutMessage(error),
  });
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

/** Whether `error` is a `FetchFailure`, of this or of another copy of this package. Never throws. */
export function isFetchFailure(error: unknown): error is FetchFailure {
  return isError(error) && isFailureName(fieldOf(error, 'failure'));
}

function isFailureName(name: unknown): name is FailureName {
  return typeof name === 'string' && Object.hasOwn(failures, name);
}

const fields = ['failure', 'message', 'code', 'status', 'requestId', 'retryAfter'] as const;

/** Whether reading the fields runs no code: a proxy, or a getter of a subclass, may throw or change its value. */
function hasOwnFields(error: FetchFailure): boolean {
  if (!instances.has(error)) return false;
  return fields.every((name) => Object.getOwnPropertyDescriptor(error, name)?.get === undefined);
}

function copyOf(error: FetchFailure): FetchFailure {
  const failure = fieldOf(error, 'failure');
  const status = fieldOf(error, 'status');
  const message = fieldOf(error, 'message');
  const retryAfter = fieldOf(error, 'retryAfter');
  return new FetchFailure(isFailureName(failure) ? failure : 'malformed', typeof message === 'string' ? message : '', {
    code: textOf(fieldOf(error, 'code')),
    status: typeof status === 'number' ? status : undefined,
    requestId: textOf(fieldOf(error, 'requestId')),
    retryAfter: typeof retryAfter === 'number' ? retryAfter : undefined,
    cause: fieldOf(error, 'cause'),
  });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Names an unknown failure, if it has the form of a name. */
function describeFailure(error: unknown): string {
  const failure = fieldOf(error, 'failure');
  const isName = typeof failure === 'string' && /^[a-z]{1,20}(?:[A-Z][a-z]{0,20}){0,3}$/u.test(failure);
  return isName ? `unknown failure "${failure}"; ${describeThrown(error)}` : describeThrown(error);
}
