// @ts-check
import { createHistogram } from 'node:perf_hooks';
import { outcomeOf } from './clients.mjs';

/**
 * @typedef {object} ReadCounts
 * @property {number} reads those that have ended
 * @property {number} fresh
 * @property {number} stale
 * @property {number} failed
 * @property {Readonly<Record<string, number>>} codes of those that failed
 */

/**
 * So many reads a second, whatever becomes of them: a read that waits does not keep the next one from coming, as it would not
 * in a service. The time a read takes counts from the call to its answer.
 */
export class PacedReads {
  /** @type {import('@kms-secrets/core').SecretClient} */
  #client;
  /** @type {readonly string[]} */
  #names;
  /** Nanoseconds. */
  #took = createHistogram();
  /** @type {Map<string, number>} */
  #outcomes = new Map();
  /** @type {Set<Promise<void>>} */
  #underWay = new Set();
  /** @type {NodeJS.Timeout} */
  #pace;

  /** @param {{ client: import('@kms-secrets/core').SecretClient; names: readonly string[]; rate: number }} load */
  constructor({ client, names, rate }) {
    this.#client = client;
    this.#names = names;
    const begun = performance.now();
    let issued = 0;
    this.#pace = setInterval(() => {
      for (const due = ((performance.now() - begun) / 1_000) * rate; issued < due; issued += 1) this.#read(issued);
    }, 1);
  }

  /** Forgets what was counted so far. */
  startCounting() {
    this.#took.reset();
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
    const { count } = this.#took;
    if (count === 0) return { p50: 0, p99: 0, max: 0 };
    return { p50: ms(this.#took.percentile(50)), p99: ms(this.#took.percentile(99)), max: ms(this.#took.max) };
  }

  /** No read comes any more; resolves when those under way have ended. */
  async stop() {
    clearInterval(this.#pace);
    await Promise.all(this.#underWay);
  }

  /** @param {number} index */
  #read(index) {
    const name = this.#names[index % this.#names.length] ?? '';
    const ending = this.#timed(name).finally(() => this.#underWay.delete(ending));
    this.#underWay.add(ending);
  }

  /** @param {string} name */
  async #timed(name) {
    const begun = performance.now();
    const outcome = await outcomeOf(this.#client.get(name));
    this.#took.record(Math.max(1, Math.round((performance.now() - begun) * 1e6)));
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }
}
