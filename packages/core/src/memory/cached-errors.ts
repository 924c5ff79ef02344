import type { AnySecretError } from '../secret/errors.ts';
import { KeysByName } from '../secret/keys-by-name.ts';
import type { Clock } from '../time/clock.ts';

interface CachedError {
  readonly error: AnySecretError;
  /** The clock's `now`. */
  readonly expiresAt: number;
}

/** Names may come from requests, so cached errors are bounded; the oldest is removed first. */
const maxErrors = 10_000;

/**
 * The errors that a retry would not change, such as "not found", each for `ttl` milliseconds. They are cached so that a misspelt
 * name cannot use up the quota of the account.
 *
 * A timer removes those that have expired: 10,000 of them, with their stacks, take about 80 MB.
 */
export class CachedErrors {
  readonly #clock: Clock;
  readonly #ttl: number;
  /** The oldest first, so the first one to expire first. */
  readonly #errors = new Map<string, CachedError>();
  readonly #names = new KeysByName();
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, ttl: number) {
    this.#clock = clock;
    this.#ttl = ttl;
  }

  get size(): number {
    return this.#errors.size;
  }

  get(key: string): AnySecretError | undefined {
    // Checked first: reading the clock costs as much as the rest of a read that shares a fetch.
    if (this.#errors.size === 0) return undefined;
    const cached = this.#errors.get(key);
    if (cached === undefined || this.#clock.now() < cached.expiresAt) return cached?.error;
    this.delete(key);
    return undefined;
  }

  set(key: string, error: AnySecretError): void {
    // Deleted first: a Map keeps the position of a key that is set again.
    this.#errors.delete(key);
    this.#errors.set(key, { error, expiresAt: this.#clock.now() + this.#ttl });
    this.#names.add(key);
    for (const oldest of this.#errors.keys()) {
      if (this.#errors.size <= maxErrors) break;
      this.delete(oldest);
    }
    this.#armTimer();
  }

  delete(key: string): void {
    if (this.#errors.delete(key)) this.#names.delete(key);
  }

  /** Deletes the errors of a secret in all its stages and versions, under its name and its ARN. */
  deleteRelated(name: string): void {
    for (const key of this.#names.related(name)) this.delete(key);
  }

  clear(): void {
    this.#errors.clear();
    this.#names.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #armTimer(): void {
    this.#cancelTimer ??= this.#clock.setUnrefTimer(this.#ttl, () => {
      this.#cancelTimer = undefined;
      this.#removeExpired();
    });
  }

  #removeExpired(): void {
    const now = this.#clock.now();
    for (const [key, { expiresAt }] of this.#errors) {
      if (now < expiresAt) break;
      this.delete(key);
    }
    if (this.#errors.size > 0) this.#armTimer();
  }
}
