import type { SecretErrorCode } from './errors.ts';
import type { FailureName } from './failures.ts';

/** How an endpoint has done so far. */
export interface EndpointStatus {
  readonly endpoint: string;
  readonly state: 'unknown' | 'healthy' | 'failing';
  /** How often it was asked, how many of these attempts failed, and how many are under way. */
  readonly attempts: number;
  readonly failures: number;
  readonly inFlight: number;
  /** How many attempts wait for their turn: see `limits`. */
  readonly queued: number;
  /** `closed`: asked as usual. `open`: left alone, because it kept failing. `half-open`: one request finds out how it is. */
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Milliseconds until an endpoint that is left alone is asked again, by the first fetch after that. */
  readonly probeIn: number | undefined;
  /** How often that was done. */
  readonly probes: number;
  /** Milliseconds for which the others are asked before it, because it throttles. */
  readonly cooldownFor: number | undefined;
  /** How often it was asked because another was slow, and how often it answered first then. */
  readonly hedges: number;
  readonly hedgesWon: number;
  /** Milliseconds that 95 in 100 of its recent answers took at most; `undefined` while there are fewer than 20. */
  readonly p95: number | undefined;
  readonly lastFailure: { readonly failure: FailureName; readonly message: string; readonly ago: number } | undefined;
}

/** One secret in memory, as an operator wants to see it: everything but the value. Times are in milliseconds. */
export interface SecretStatus {
  readonly name: string;
  readonly stage: string | undefined;
  readonly versionId: string;
  readonly type: string;
  /** Since the fetch that brought it. */
  readonly age: number;
  readonly ttl: number;
  /** `fresh` < TTL <= `stale` < TTL + staleIfError <= `expired`. */
  readonly freshness: 'fresh' | 'stale' | 'expired';
  /** Since somebody read it. */
  readonly lastReadAgo: number;
  readonly nextRefreshIn: number | undefined;
  /** Why it could not be refreshed; gone as soon as it could. */
  readonly lastFailure:
    | { readonly code: SecretErrorCode; readonly message: string; readonly ago: number; readonly times: number }
    | undefined;
}

/** How a store does. Times are in milliseconds. */
export interface StoreStatus {
  readonly store: string;
  /** `unavailable`: it keeps failing, and is left alone but for a try now and then. */
  readonly state: 'working' | 'failing' | 'unavailable';
  /** Secrets written or removed that it has yet to be told of. */
  readonly waiting: number;
  readonly lastFailure: { readonly message: string; readonly ago: number } | undefined;
}

/** The state of a client: what `describe()` returns. */
export interface ClientDescription {
  readonly isClosed: boolean;
  readonly secrets: readonly SecretStatus[];
  readonly endpoints: readonly EndpointStatus[];
  readonly stores: readonly StoreStatus[];
}

/** What a client has done since it was created: what `stats()` returns. */
export interface ClientStats {
  /** Reads answered from memory with a fresh value. */
  readonly hits: number;
  /** Reads that waited for a fetch, their own or another's. */
  readonly misses: number;
  /** Reads answered with an old value, because it could not be refreshed. */
  readonly staleReads: number;
  /** Fetches begun, each of any number of attempts (none if a store had it), and those that came to nothing. */
  readonly fetches: number;
  readonly failedFetches: number;
  /** Refreshes that brought another version. */
  readonly rotations: number;
  /** First reads for which a store had the secret, fresh or old, and those for which none had. */
  readonly storeHits: number;
  readonly storeMisses: number;
  /** What stores were asked and failed at. */
  readonly storeFailures: number;
  /** Secrets in memory, refusals that are remembered, and fetches under way. */
  readonly secrets: number;
  readonly refusals: number;
  readonly inFlight: number;
  /** Requests to a second endpoint because the first was slow, and those of them that were answered first. */
  readonly hedges: number;
  readonly hedgesWon: number;
  /** Requests that found out whether an endpoint that had been left alone is back. */
  readonly probes: number;
}

/** Small integers only, so that counting a read allocates nothing; `carry` keeps what no longer fits one. */
export class Tally {
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

/** The tallies of a client. */
export interface Tallies {
  readonly hits: Tally;
  readonly misses: Tally;
  readonly staleReads: Tally;
  readonly fetches: Tally;
  readonly failedFetches: Tally;
  readonly rotations: Tally;
  readonly storeHits: Tally;
  readonly storeMisses: Tally;
}

export function createTallies(): Tallies {
  return {
    hits: new Tally(),
    misses: new Tally(),
    staleReads: new Tally(),
    fetches: new Tally(),
    failedFetches: new Tally(),
    rotations: new Tally(),
    storeHits: new Tally(),
    storeMisses: new Tally(),
  };
}

export function totalsOf(tallies: Tallies): { readonly [Name in keyof Tallies]: number } {
  return {
    hits: tallies.hits.total,
    misses: tallies.misses.total,
    staleReads: tallies.staleReads.total,
    fetches: tallies.fetches.total,
    failedFetches: tallies.failedFetches.total,
    rotations: tallies.rotations.total,
    storeHits: tallies.storeHits.total,
    storeMisses: tallies.storeMisses.total,
  };
}
