import type { Clock } from '../time/clock.ts';
import type { FetchFailure } from '../ports/transport.ts';

/** The cooldown of a throttled endpoint that sent no Retry-After (ms). */
const defaultCooldown = 1_000;

/**
 * The cooldown of a throttled endpoint. The endpoint is not down, so its circuit breaker stays closed. The other endpoints are
 * tried first, and until the server's Retry-After this one receives no request.
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

  /** Ends the cooldown, but not the Retry-After. */
  clear(): void {
    this.#until = 0;
  }

  /** Milliseconds during which the other endpoints are tried first. */
  get remaining(): number {
    return Math.max(this.#remainingUntil(this.#until), this.retryAfter);
  }

  /** Milliseconds until the server's Retry-After. */
  get retryAfter(): number {
    return this.#remainingUntil(this.#retryAfterUntil);
  }

  #remainingUntil(until: number): number {
    // Called several times per fetch, and nearly always 0: then the clock is not read.
    return until === 0 ? 0 : Math.max(until - this.#clock.now(), 0);
  }
}
