// @ts-check

/** @typedef {{ succeeded: number; failed: number; codes: Record<string, number>; message: string | undefined; slowest: number }} QueryCounts */

/** A busy machine, or a pool that waits, gets no more than this: otherwise queries would fail because of the load. */
const maxInFlight = 250;

/** Queries at a steady rate, while fewer than `maxInFlight` wait. */
export class PacedQueries {
  /** @type {() => Promise<unknown>} */
  #query;
  /** @type {QueryCounts} */
  #counts = { succeeded: 0, failed: 0, codes: {}, message: undefined, slowest: 0 };
  /** @type {Set<Promise<void>>} */
  #inFlight = new Set();
  /** @type {NodeJS.Timeout} */
  #interval;

  /** @param {() => Promise<unknown>} query @param {number} rate queries per second */
  constructor(query, rate) {
    this.#query = query;
    const startedAt = performance.now();
    let started = 0;
    this.#interval = setInterval(() => {
      for (const due = ((performance.now() - startedAt) / 1_000) * rate; started < due; started += 1) {
        if (this.#inFlight.size < maxInFlight) this.#start();
      }
    }, 5);
  }

  /** `slowest`: milliseconds. */
  get counts() {
    return this.#counts;
  }

  /** Starts no more queries; resolves when those in flight have ended. */
  async stop() {
    clearInterval(this.#interval);
    await Promise.all(this.#inFlight);
    return this.#counts;
  }

  #start() {
    const query = this.#measure().finally(() => this.#inFlight.delete(query));
    this.#inFlight.add(query);
  }

  async #measure() {
    const counts = this.#counts;
    const startedAt = performance.now();
    try {
      await this.#query();
      counts.succeeded += 1;
    } catch (error) {
      const { code = 'no code' } = /** @type {{ code?: string }} */ (error);
      counts.failed += 1;
      counts.codes[code] = (counts.codes[code] ?? 0) + 1;
      counts.message ??= String(error);
    }
    counts.slowest = Math.max(counts.slowest, performance.now() - startedAt);
  }
}
