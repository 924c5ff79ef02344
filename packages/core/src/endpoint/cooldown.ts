import type { Clock } from '../time/clock.ts';
import type { FetchFailure } from '../ports/transport.ts';

/** Milliseconds that an endpoint is spared which throttles and does not say for how long. */
const defaultCooldown = 1_000;

/**
 * The time for which an endpoint has asked to be spared. It is not down, so this is no matter for its circuit breaker: the
 * others are asked before it, and before the time that it named itself it is not asked at all.
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

  clear(): void {
    this.#until = 0;
  }

  /** Milliseconds for which the others are better asked. */
  get remaining(): number {
    return Math.max(this.#remainingUntil(this.#until), this.retryAfter);
  }

  /** Milliseconds for which it has said itself that it must not be asked. */
  get retryAfter(): number {
    return this.#remainingUntil(this.#retryAfterUntil);
  }

  #remainingUntil(until: number): number {
    // Asked several times in each fetch, and nearly always there was none.
    return until === 0 ? 0 : Math.max(until - this.#clock.now(), 0);
  }
}
