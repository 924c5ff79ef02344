import type { Clock } from '@kms-secrets/core';

/** A token bucket: `rate` per second, with bursts of `burst`. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #rate: number;
  readonly #burst: number;
  #available: number;
  #filledAt: number;

  constructor({ clock, rate, burst }: { readonly clock: Clock; readonly rate: number; readonly burst: number }) {
    this.#clock = clock;
    this.#rate = rate;
    this.#burst = burst;
    this.#available = burst;
    this.#filledAt = clock.now();
  }

  /** Whether one more is allowed now. */
  take(): boolean {
    const now = this.#clock.now();
    this.#available = Math.min(this.#burst, this.#available + ((now - this.#filledAt) / 1_000) * this.#rate);
    this.#filledAt = now;
    if (this.#available < 1) return false;
    this.#available -= 1;
    return true;
  }
}
