import { requestOfKey } from '../secret/cache-key.ts';
import type { SecretRef } from '../secret/events.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretStatus } from '../secret/status.ts';
import { startOfTick, ticksOf } from '../time/ticks.ts';
import type { Ticks } from '../time/ticks.ts';

export type Freshness = SecretStatus['freshness'];

export interface EntryFields {
  readonly key: string;
  readonly secret: Secret;
  /** The clock's `now`. */
  readonly fetchedAt: number;
  /** Milliseconds. */
  readonly ttl: number;
  readonly readAt: Ticks;
}

/**
 * One secret in memory. Times that reads or the refresh queue use are in ticks. The time of the fetch is exact, because a newer value
 * must replace an older one.
 */
export class Entry {
  // What a read of a fresh value uses comes first: with 100,000 entries, each cache line of the processor counts.
  readonly secret: Secret;
  /** The tick in which the TTL ends. The value is fresh before this tick: never longer than its TTL, and at most one tick shorter. */
  readonly freshUntil: Ticks;
  /** The time of the last read. The only field that a read of a fresh value writes, once per tick. */
  readAt: Ticks;
  /** Shared by all reads that need a promise, so that a read of a fresh value allocates nothing. */
  promise: Promise<Secret> | undefined;
  /** See `cacheKey`. The request is not stored: `requestOfKey` rebuilds it in the few cases that need it. */
  readonly key: string;
  /** Milliseconds. */
  readonly ttl: number;
  /** See `HeapItem`. */
  dueAt: Ticks;
  heapIndex: number;
  /** Milliseconds from the start of the tick `freshUntil` to the end of the TTL. */
  readonly #restOfTtl: number;

  constructor({ key, secret, fetchedAt, ttl, readAt }: EntryFields) {
    const wholeTtl = Math.floor(ttl);
    const ttlEndsAt = Math.floor(fetchedAt) + wholeTtl;
    // In the order of the declarations: it is the order in memory.
    this.secret = secret;
    this.freshUntil = ticksOf(ttlEndsAt);
    this.readAt = readAt;
    this.promise = undefined;
    this.key = key;
    this.ttl = wholeTtl;
    this.dueAt = ticksOf(0);
    this.heapIndex = -1;
    this.#restOfTtl = ttlEndsAt - startOfTick(this.freshUntil);
  }

  /** When the TTL ends; the clock's `now`. */
  get ttlEndsAt(): number {
    return startOfTick(this.freshUntil) + this.#restOfTtl;
  }

  /** When its fetch started; the clock's `now`. Changes after that are not in the value. */
  get fetchedAt(): number {
    return this.ttlEndsAt - this.ttl;
  }

  /** `now`: the clock's `now`. */
  isFreshAt(now: number): boolean {
    return ticksOf(now) < this.freshUntil;
  }
}

export function freshnessOf(entry: Entry, now: number, staleIfError: number): Freshness {
  if (entry.isFreshAt(now)) return 'fresh';
  return now < entry.ttlEndsAt + staleIfError ? 'stale' : 'expired';
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
