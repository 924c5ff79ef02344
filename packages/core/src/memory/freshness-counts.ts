import type { Entry } from './entry.ts';
import { Rotations } from './rotations.ts';
import { ExpiryCounter } from './expiry-counter.ts';

/** Counts entries by freshness as they are added and removed: a health check need not visit 100,000 entries. */
export class FreshnessCounts {
  readonly rotations: Rotations = new Rotations();
  readonly #staleIfError: number;
  readonly #pastTtl = new ExpiryCounter();
  readonly #expired = new ExpiryCounter();
  #size = 0;

  constructor(staleIfError: number) {
    this.#staleIfError = staleIfError;
  }

  /** Adds an entry in place of `previous`, if there is one. */
  add(entry: Entry, previous: Entry | undefined): void {
    const { key, secret, ttlEndsAt } = entry;
    this.rotations.set(key, secret.rotation?.nextAt);
    this.#size += 1;
    this.#pastTtl.add(ttlEndsAt);
    this.#expired.add(ttlEndsAt + this.#staleIfError);
    // Last: if both fall into one second, the counters keep it.
    if (previous !== undefined) this.#forget(previous);
  }

  remove(entry: Entry): void {
    this.rotations.set(entry.key, undefined);
    this.#forget(entry);
  }

  at(now: number): { readonly fresh: number; readonly stale: number; readonly expired: number } {
    const pastTtl = this.#pastTtl.passed(now);
    const expired = this.#expired.passed(now);
    return { fresh: this.#size - pastTtl, stale: pastTtl - expired, expired };
  }

  /** The time at which the next entry expires, accurate to one second; `undefined` without one. */
  nextExpiry(now: number): number | undefined {
    return this.#expired.next(now);
  }

  clear(): void {
    this.rotations.clear();
    this.#size = 0;
    this.#pastTtl.clear();
    this.#expired.clear();
  }

  #forget({ ttlEndsAt }: Entry): void {
    this.#size -= 1;
    this.#pastTtl.remove(ttlEndsAt);
    this.#expired.remove(ttlEndsAt + this.#staleIfError);
  }
}
