/**
 * A counter that allocates nothing: V8 needs no allocation for an integer below 2^30. `#carry` takes over what `#low` has
 * counted before `#low` exceeds that.
 */
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

/** The counters of a client. The reads, the memory, the fetches and the stores add to them; see `ClientStats`. */
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
