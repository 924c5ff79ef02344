import { requestOfKey } from '../secret/cache-key.ts';
import type { SecretRef } from '../secret/events.ts';
import type { Secret } from '../secret/secret.ts';

/** The age of an entry: `fresh` < TTL <= `stale` < TTL + staleIfError <= `expired`. */
export type Freshness = 'fresh' | 'stale' | 'expired';

export interface EntryFields {
  readonly key: string;
  readonly secret: Secret;
  readonly fetchedAt: number;
  readonly ttl: number;
  readonly readAt: number;
}

/** One secret in memory. Times are the clock's `now`. */
export class Entry {
  /** See `cacheKey`. The request is rebuilt from it when it is needed, which is rare. */
  readonly key: string;
  readonly secret: Secret;
  /** When its fetch started: the value contains no later change. */
  readonly fetchedAt: number;
  readonly freshUntil: number;
  /** The time of the last read, and the only field that a read of a fresh value writes. */
  readAt: number;
  /** Shared by all reads that need a promise, so that a read of a fresh value allocates nothing. */
  promise: Promise<Secret> | undefined = undefined;
  /** For `DueHeap`. */
  dueAt = 0;
  heapIndex = -1;

  constructor({ key, secret, fetchedAt, ttl, readAt }: EntryFields) {
    this.key = key;
    this.secret = secret;
    this.fetchedAt = fetchedAt;
    this.freshUntil = fetchedAt + ttl;
    this.readAt = readAt;
  }

  get ttl(): number {
    return this.freshUntil - this.fetchedAt;
  }
}

export function freshnessOf(entry: Entry, now: number, staleIfError: number): Freshness {
  if (now < entry.freshUntil) return 'fresh';
  return now < entry.freshUntil + staleIfError ? 'stale' : 'expired';
}

/** The error (ms) of an age that went through a store, which keeps calendar times. */
const calendarRounding = 1;

/** Whether a store's secret is newer than the cached entry. What this client wrote and reads back is not newer. */
export function isFetchedAfter(
  cached: Entry,
  { secret, fetchedAt }: { readonly secret: Secret; readonly fetchedAt: number | undefined },
): boolean {
  const isSameVersion = secret.versionId === cached.secret.versionId;
  return fetchedAt !== undefined && fetchedAt > cached.fetchedAt + (isSameVersion ? calendarRounding : 0);
}

/** The secret and version that an entry holds, for events and log lines. */
export function refOf({ key, secret }: Entry, defaultStage: string): SecretRef & { readonly versionId: string } {
  const { name, stage } = requestOfKey(key, defaultStage);
  return { name, stage, versionId: secret.versionId };
}
