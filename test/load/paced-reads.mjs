// @ts-check
import { createHistogram } from 'node:perf_hooks';
import { outcomeOf } from './clients.mjs';

/**
 * @typedef {object} ReadCounts
 * @property {number} reads that have completed
 * @property {number} fresh
 * @property {number} stale
 * @property {number} failed
 * @property {Readonly<Record<string, number>>} codes error codes of the failed reads, with their counts
 */

/**
 * Reads at a steady rate. A read that waits does not delay the next one (an open-loop load), as in a service. The latency of a
 * read is measured from the call to the result.
 */
export class PacedReads {
  /** @type {import('@kms-secrets/core').SecretClient} */
  #client;
  /** @type {readonly string[]} */
  #names;
  /** Nanoseconds. */
  #latencies = createHistogram();
  /** @type {Map<string, number>} */
  #outcomes = new Map();
  /** @type {Set<Promise<void>>} */
  #inFlight = new Set();
  /** @type {NodeJS.Timeout} */
  #interval;

  /** @param {{ client: import('@kms-secrets/core').SecretClient; names: readonly string[]; rate: number }} options */
  constructor({ client, names, rate }) {
    this.#client = client;
    this.#names = names;
    const startedAt = performance.now();
    let started = 0;
    this.#interval = setInterval(() => {
      for (const due = ((performance.now() - startedAt) / 1_000) * rate; started < due; started += 1) {
        this.#read(started);
      }
    }, 1);
  }

  resetCounts() {
    this.#latencies.reset();
    this.#outcomes.clear();
  }

  /** @returns {ReadCounts} */
  get counts() {
    const { fresh = 0, stale = 0, ...codes } = Object.fromEntries(this.#outcomes);
    const failed = Object.values(codes).reduce((sum, count) => sum + count, 0);
    return { reads: fresh + stale + failed, fresh, stale, failed, codes };
  }

  /** In milliseconds. */
  get latency() {
    const ms = (/** @type {number} */ nanoseconds) => nanoseconds / 1e6;
    const { count } = this.#latencies;
    if (count === 0) return { p50: 0, p99: 0, max: 0 };
    return {
      p50: ms(this.#latencies.percentile(50)),
      p99: ms(this.#latencies.percentile(99)),
      max: ms(this.#latencies.max),
    };
  }

  /** Starts no more reads; resolves when those in flight have completed. */
  async stop() {
    clearInterval(this.#interval);
    await Promise.all(this.#inFlight);
  }

  /** @param {number} index */
  #read(index) {
    const name = this.#names[index % this.#names.length] ?? '';
    const read = this.#measure(name).finally(() => this.#inFlight.delete(read));
    this.#inFlight.add(read);
  }

  /** @param {string} name */
  async #measure(name) {
    const startedAt = performance.now();
    const outcome = await outcomeOf(this.#client.get(name));
    this.#latencies.record(Math.max(1, Math.round((performance.now() - startedAt) * 1e6)));
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }
}
