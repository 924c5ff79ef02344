import type { Clock } from '../time/clock.ts';
import type { FetchFailure } from '../ports/transport.ts';

/** Cooldown of a throttling endpoint that sends no Retry-After (ms). */
const defaultCooldown = 1_000;

/**
 * The cooldown of a throttling endpoint. It is not down, so its circuit breaker stays closed; the other endpoints are tried
 * first, and before its Retry-After it receives no request at all.
 */
export class Cooldown {
  readonly #clock: Clock;
  #until = 0;
  #retryAfterUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start({ failure, retryAfter }: FetchFailure): void {
    const now = this.#clock.now();
    if (retryAfter !== undefined) this.#retryAfterUntil = Math.max(this.#retryAfterUntil, now + retryAfter);
    if (failure === 'throttled') this.#until = Math.max(this.#until, now + (retryAfter ?? defaultCooldown));
  }

  /** Ends the cooldown, but not a Retry-After. */
  clear(): void {
    this.#until = 0;
  }

  /** Milliseconds during which the other endpoints are tried first. */
  get remaining(): number {
    return Math.max(this.#remainingUntil(this.#until), this.retryAfter);
  }

  /** Milliseconds left of the server's Retry-After: no request before. */
  get retryAfter(): number {
    return this.#remainingUntil(this.#retryAfterUntil);
  }

  #remainingUntil(until: number): number {
    // Called several times per fetch, and 0 in nearly all of them: saves the read of the clock.
    return until === 0 ? 0 : Math.max(until - this.#clock.now(), 0);
  }
}
