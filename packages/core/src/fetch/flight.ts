import type { Priority } from '../endpoint/priority.ts';
import type { Attempt } from '../secret/errors.ts';
import type { StoreSearchResult } from '../secret/fetch-result.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { FetchProgress } from './fetch-error.ts';

/** A fetch in progress, as its readers see it. */
export interface Flight {
  readonly secret: Promise<Secret>;
  /** The clock's `now`. */
  readonly startedAt: number;
  readonly priority: Priority;
  /** The attempts that have failed and the endpoints that were skipped so far. */
  readonly attempts: readonly Attempt[];
  /** What the stores returned, as lines of an error message. */
  readonly storeLines: readonly string[];
  /** Resolves when every endpoint has failed once. A reader with a stale value does not wait for the retries. */
  readonly failing: Promise<void>;
  /** Resolves when the stores have been read and their values are in memory; `undefined` if the fetch reads no store. */
  readonly storesChecked: Promise<void> | undefined;
  /** The result that reads of the same turn of the event loop share. Set by `Reader`. */
  sharedWait?: { readonly startedAt: number; readonly result: Promise<Secret> };
}

/** What the fetcher knows of a flight. */
export interface OwnFlight extends Flight {
  /** Whether a request to KMS is in flight, so that its response may be older than a call now. */
  isSent: boolean;
  /** Its result may be older than an invalidation or a refusal. */
  isForgotten: boolean;
}

/** The state of one flight, which the steps of its fetch share. */
export interface FetchContext {
  readonly key: string;
  readonly request: SecretRequest;
  /** The clock's `now`. */
  readonly startedAt: number;
  readonly priority: Priority;
  readonly attempts: Attempt[];
  readonly failing: Resolvers;
  readonly storesChecked: Resolvers;
  /** `undefined` if the fetch reads no store. */
  readonly search: { result?: StoreSearchResult } | undefined;
  readonly setSent: (isSent: boolean) => void;
  readonly isForgotten: () => boolean;
  /** Whether a newer flight of the same key has started. */
  readonly isSuperseded: () => boolean;
}

interface Resolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

/** `Promise.withResolvers`, which Node 20 does not have. */
export function withResolvers(): Resolvers {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

export function storeLinesOf({ search }: FetchContext): readonly string[] {
  return search?.result?.lines() ?? [];
}

/** A copy, because the fetch goes on. */
export function progressOf(context: FetchContext): FetchProgress {
  return { attempts: [...context.attempts], storeLines: storeLinesOf(context) };
}
