import type { CalendarClock } from '../settable-clock.ts';

/** So many requests a second, and no more saved up than one second's worth: how KMS counts an account's requests. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #clock: CalendarClock;
  #tokens: number;
  #filledAt: number;

  constructor(parts: { perSecond: number; clock: CalendarClock }) {
    this.#perSecond = parts.perSecond;
    this.#clock = parts.clock;
    this.#tokens = parts.perSecond;
    this.#filledAt = parts.clock.date();
  }

  /** Takes a token; `false` when there is none left. */
  take(): boolean {
    const now = this.#clock.date();
    // A clock set back must not drain the bucket.
    const gained = (Math.max(0, now - this.#filledAt) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + gained);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
