import type { AnySecretError } from './errors.ts';
import type { FailurePolicy } from './failures.ts';
import type { Secret } from './secret.ts';

/** The result of a fetch that returned a secret. */
export interface FetchedSecret {
  /** The secret that readers receive: `original`, or the result of `SecretHook.transform`. */
  readonly secret: Secret;
  /** The secret that KMS returned. Stores receive this one. */
  readonly original: Secret;
  /** The clock's `now` before the request was sent. The age of the secret is measured from it. */
  readonly startedAt: number;
}

/** The result of a fetch that failed. */
export interface FailedFetch {
  readonly error: AnySecretError;
  readonly policy: FailurePolicy;
  /** The server's Retry-After in milliseconds. */
  readonly retryAfter: number | undefined;
}

/** A secret of `SecretHook.recover`. */
export interface RecoveredSecret {
  readonly secret: Secret;
  /** Why the secret cannot be fetched. */
  readonly error: AnySecretError;
}

/** A search for a secret in the stores. */
export interface StoreSearchResult {
  /**
   * Resolves to a fresh secret from a store, which another process may have fetched in the meantime; to `undefined` if it must
   * be fetched from KMS. Never rejects.
   */
  readonly found: Promise<Secret | undefined>;
  /** Whether a store has not responded in time, and may still have a value that memory does not have. */
  readonly isPending: () => boolean;
  /** Resolves when all stores have responded: to a fresh secret if memory has one. Never rejects. */
  readonly late: () => Promise<Secret | undefined>;
  /** What each store returned, as lines of an error message. */
  readonly lines: () => readonly string[];
}
