import type { SecretErrorCode } from './errors.ts';
import type { FailureName } from './failures.ts';

/** The state of an endpoint. */
export interface EndpointStatus {
  readonly endpoint: string;
  readonly state: 'unknown' | 'healthy' | 'failing';
  /** Attempts so far, how many of them failed, and how many are in flight. */
  readonly attempts: number;
  readonly failures: number;
  readonly inFlight: number;
  /** Attempts that wait for the rate limiter. */
  readonly queued: number;
  /** `closed`: normal. `open`: skipped because it kept failing. `half-open`: a probe is in flight. */
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Milliseconds until the open breaker allows a probe, which the next fetch then sends. */
  readonly probeIn: number | undefined;
  /** Probes so far. */
  readonly probes: number;
  /** Milliseconds for which the other endpoints are tried first, because this one throttles. */
  readonly cooldownFor: number | undefined;
  /** Hedged requests to it because another endpoint was slow, and how many of them responded first. */
  readonly hedges: number;
  readonly hedgesWon: number;
  /** The 95th percentile of its recent response times in milliseconds; `undefined` below 20 samples. */
  readonly p95: number | undefined;
  readonly lastFailure: { readonly failure: FailureName; readonly message: string; readonly ago: number } | undefined;
}

/** The state of one secret in memory, without its value. Times are in milliseconds. */
export interface SecretStatus {
  readonly name: string;
  readonly stage: string | undefined;
  readonly versionId: string;
  readonly type: string;
  /** Since its fetch. */
  readonly age: number;
  readonly ttl: number;
  /** `fresh` < TTL <= `stale` < TTL + staleIfError <= `expired`. */
  readonly freshness: 'fresh' | 'stale' | 'expired';
  /** Since its last read. */
  readonly lastReadAgo: number;
  readonly nextRefreshIn: number | undefined;
  /** Why it could not be refreshed; `undefined` after a successful refresh. */
  readonly lastFailure:
    | { readonly code: SecretErrorCode; readonly message: string; readonly ago: number; readonly times: number }
    | undefined;
}

/** The state of a store. Times are in milliseconds. */
export interface StoreStatus {
  readonly store: string;
  /** `unavailable`: it keeps failing and is skipped, apart from probes. */
  readonly state: 'working' | 'failing' | 'unavailable';
  /** Writes and removals in its queue. */
  readonly queued: number;
  readonly lastFailure: { readonly message: string; readonly ago: number } | undefined;
}

/** The state of a client: what `describe()` returns. */
export interface ClientDescription {
  readonly isClosed: boolean;
  readonly secrets: readonly SecretStatus[];
  readonly endpoints: readonly EndpointStatus[];
  readonly stores: readonly StoreStatus[];
}

/** The number of secrets in memory by freshness. Accurate to one second. */
export interface SecretCounts {
  readonly fresh: number;
  readonly stale: number;
  /** Too old to be served: past TTL + staleIfError. */
  readonly expired: number;
  /** Secrets whose last refresh failed, whatever their freshness. */
  readonly failing: number;
}

export interface HealthOptions {
  /** Names without which the client is `failing`, in the client's own stage. */
  readonly required?: readonly string[] | undefined;
  /** Whether to list every secret in memory. Default: `false`, because a probe does not need 100,000 of them. */
  readonly details?: boolean | undefined;
}

/** Whether a client can serve secrets: what `health()` returns. Names, versions and ages; never a value. */
export interface ClientHealth {
  /**
   * `failing`: the client is closed, holds nothing while every endpoint fails, holds an expired secret, or misses a required
   * one. `degraded`: every secret can be served, but one is stale, one could not be refreshed, or an endpoint fails.
   */
  readonly status: 'ok' | 'degraded' | 'failing';
  /** The required names that are not in memory. */
  readonly missing: readonly string[];
  readonly counts: SecretCounts;
  readonly endpoints: readonly Pick<EndpointStatus, 'endpoint' | 'state'>[];
  /** Every secret in memory; only with `details`. */
  readonly secrets?: readonly Pick<SecretStatus, 'name' | 'versionId' | 'freshness' | 'age'>[];
}

/** Counters since the client was created: what `stats()` returns. */
export interface ClientStats {
  /** Reads served from memory with a fresh value. */
  readonly hits: number;
  /** Reads that waited for a fetch, their own or a shared one. */
  readonly misses: number;
  /** Reads served with a stale value. */
  readonly staleReads: number;
  /** Fetches, each with any number of attempts (none if a store had the secret), and failed fetches. */
  readonly fetches: number;
  readonly failedFetches: number;
  /** Refreshes that returned another version. */
  readonly rotations: number;
  /** First reads for which a store had the secret, fresh or stale, and those for which none had. */
  readonly storeHits: number;
  readonly storeMisses: number;
  /** Store operations that failed. */
  readonly storeFailures: number;
  /** Secrets in memory, cached refusals, and fetches in flight. */
  readonly secrets: number;
  readonly cachedErrors: number;
  readonly inFlight: number;
  /** Hedged requests, and those of them that responded first. */
  readonly hedges: number;
  readonly hedgesWon: number;
  /** Probes of endpoints whose circuit breaker was open. */
  readonly probes: number;
}

/** A counter of small integers, so that counting a read allocates nothing. `carry` takes what exceeds them. */
export class Counter {
  #low = 0;
  #carry = 0;

  add(): void {
    this.#low += 1;
    if (this.#low === 0x3fff_ffff) {
      this.#carry += this.#low;
      this.#low = 0;
    }
  }

  get total(): number {
    return this.#carry + this.#low;
  }
}

/** The counters that the client, the memory and the stores add to. */
export interface Counters {
  readonly hits: Counter;
  readonly misses: Counter;
  readonly staleReads: Counter;
  readonly fetches: Counter;
  readonly failedFetches: Counter;
  readonly rotations: Counter;
  readonly storeHits: Counter;
  readonly storeMisses: Counter;
}

export function createCounters(): Counters {
  return {
    hits: new Counter(),
    misses: new Counter(),
    staleReads: new Counter(),
    fetches: new Counter(),
    failedFetches: new Counter(),
    rotations: new Counter(),
    storeHits: new Counter(),
    storeMisses: new Counter(),
  };
}

export function totalsOf(counters: Counters): { readonly [Name in keyof Counters]: number } {
  return {
    hits: counters.hits.total,
    misses: counters.misses.total,
    staleReads: counters.staleReads.total,
    fetches: counters.fetches.total,
    failedFetches: counters.failedFetches.total,
    rotations: counters.rotations.total,
    storeHits: counters.storeHits.total,
    storeMisses: counters.storeMisses.total,
  };
}
