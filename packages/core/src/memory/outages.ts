import type { Clock } from '../time/clock.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { Secret } from '../secret/secret.ts';

/** Why a secret cannot be refreshed. */
export interface Outage {
  readonly error: AnySecretError;
  /** The time of the first failure; the clock's `now`. */
  readonly since: number;
  /** The time of the last failure; the clock's `now`. */
  readonly at: number;
  /** Consecutive failed fetches; 0 while the first one is still retrying. */
  readonly failures: number;
  /** The stale copy that reads return. The first of them creates it. */
  readonly stale: Secret | undefined;
}

/** The secrets that cannot be refreshed, from the first failed attempt until a fetch succeeds. */
export class Outages {
  readonly #clock: Clock;
  readonly #outages = new Map<string, Outage>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#outages.size;
  }

  get keys(): readonly string[] {
    return [...this.#outages.keys()];
  }

  get(key: string): Outage | undefined {
    return this.#outages.get(key);
  }

  /** The start of the longest outage; the clock's `now`. A `Map` keeps the position of a key that is set again. */
  get since(): number | undefined {
    const [longest] = this.#outages.values();
    return longest?.since;
  }

  /** Records that a fetch is failing or slow, and continues. */
  markFailing(key: string, error: AnySecretError): void {
    const outage = this.#outages.get(key);
    this.#set(key, { error, failures: outage?.failures ?? 0, stale: outage?.stale });
  }

  /** Records that a fetch has failed. Returns the number of consecutive failures. */
  recordFailure(key: string, error: AnySecretError): number {
    const outage = this.#outages.get(key);
    const failures = (outage?.failures ?? 0) + 1;
    this.#set(key, { error, failures, stale: outage?.stale });
    return failures;
  }

  /** Returns the stale copy of `secret` and whether this is its first read in the outage; `undefined` without an outage. */
  serveStale(key: string, secret: Secret): { readonly stale: Secret; readonly isFirst: boolean } | undefined {
    const outage = this.#outages.get(key);
    if (outage === undefined) return undefined;
    if (outage.stale !== undefined) return { stale: outage.stale, isFirst: false };
    const stale = secret.asStale();
    this.#outages.set(key, { ...outage, stale });
    return { stale, isFirst: true };
  }

  clear(key: string): void {
    this.#outages.delete(key);
  }

  clearAll(): void {
    this.#outages.clear();
  }

  #set(key: string, outage: Omit<Outage, 'at' | 'since'>): void {
    const now = this.#clock.now();
    this.#outages.set(key, { ...outage, since: this.#outages.get(key)?.since ?? now, at: now });
  }
}
