import type { CalendarClock } from '../settable-clock.ts';

/** Limits requests per second, with a burst of at most one second's worth, like the quota of KMS. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #clock: CalendarClock;
  #tokens: number;
  #refilledAt: number;

  constructor(parts: { perSecond: number; clock: CalendarClock }) {
    this.#perSecond = parts.perSecond;
    this.#clock = parts.clock;
    this.#tokens = parts.perSecond;
    this.#refilledAt = parts.clock.date();
  }

  /** Takes a token. Returns `false` if the bucket is empty. */
  take(): boolean {
    const now = this.#clock.date();
    // The clock may be set back, which must not remove tokens.
    const refill = (Math.max(0, now - this.#refilledAt) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + refill);
    this.#refilledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
