import { requestOfKey } from '../secret/cache-key.ts';
import type { SecretRef } from '../secret/events.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretStatus } from '../secret/status.ts';

export type Freshness = SecretStatus['freshness'];

/** Times are the clock's `now`; `ttl` is in milliseconds. */
export interface EntryFields {
  readonly key: string;
  readonly secret: Secret;
  readonly fetchedAt: number;
  readonly ttl: number;
  readonly readAt: number;
}

/** One secret in memory. Times are the clock's `now`. */
export class Entry {
  /** See `cacheKey`. The request is not stored: `requestOfKey` rebuilds it in the few cases that need it. */
  readonly key: string;
  readonly secret: Secret;
  /** When its fetch started. Changes after that are not in the value. */
  readonly fetchedAt: number;
  readonly freshUntil: number;
  /** The time of the last read. The only field that a read of a fresh value writes. */
  readAt: number;
  /** Shared by all reads that need a promise, so that a read of a fresh value allocates nothing. */
  promise: Promise<Secret> | undefined = undefined;
  /** See `HeapItem`. */
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

/** The rounding error (ms) of a fetch time from a store: stores hold calendar times in whole milliseconds. */
const calendarRounding = 1;

/** Whether the secret of a store is newer than the cached one. A secret that this client wrote to the store is not newer. */
export function isFetchedAfter(
  cached: Entry,
  { secret, fetchedAt }: { readonly secret: Secret; readonly fetchedAt: number | undefined },
): boolean {
  const isSameVersion = secret.versionId === cached.secret.versionId;
  return fetchedAt !== undefined && fetchedAt > cached.fetchedAt + (isSameVersion ? calendarRounding : 0);
}

/** The reference to the secret of an entry, for events and log lines. */
export function refOf({ key, secret }: Entry, defaultStage: string): SecretRef & { readonly versionId: string } {
  const { name, stage } = requestOfKey(key, defaultStage);
  return { name, stage, versionId: secret.versionId };
}
