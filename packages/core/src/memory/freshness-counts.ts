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

  add({ key, secret, ttlEndsAt }: Entry): void {
    this.rotations.set(key, secret.rotation?.nextAt);
    this.#size += 1;
    this.#pastTtl.add(ttlEndsAt);
    this.#expired.add(ttlEndsAt + this.#staleIfError);
  }

  remove({ key, ttlEndsAt }: Entry): void {
    this.rotations.set(key, undefined);
    this.#size -= 1;
    this.#pastTtl.remove(ttlEndsAt);
    this.#expired.remove(ttlEndsAt + this.#staleIfError);
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
}
