import type { AnySecretError } from './errors.ts';
import type { FailurePolicy } from './failures.ts';
import type { Secret } from './secret.ts';

/** The result of a successful fetch. */
export interface FetchedSecret {
  /** What readers receive: `original`, or what `SecretHook.transform` made of it. */
  readonly secret: Secret;
  /** What KMS returned; stores keep this one. */
  readonly original: Secret;
  /** The clock's `now` before the request was sent. The secret's age counts from here. */
  readonly startedAt: number;
}

/** The result of a fetch for which every attempt failed. */
export interface FailedFetch {
  readonly error: AnySecretError;
  readonly policy: FailurePolicy;
  /** Milliseconds of the server's Retry-After. */
  readonly retryAfter: number | undefined;
}
