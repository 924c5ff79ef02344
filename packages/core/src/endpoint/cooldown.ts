import type { Clock } from '../time/clock.ts';
import type { FetchFailure } from '../ports/transport.ts';

/** Milliseconds that an endpoint is spared which throttles and does not say for how long. */
const usualRest = 1_000;

/**
 * The time for which an endpoint has asked to be spared. It is not down, so this is no matter for its circuit breaker: the
 * others are asked before it, and before the time that it named itself it is not asked at all.
 */
export class Rest {
  readonly #clock: Clock;
  #until = 0;
  #namedUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin({ failure, retryAfter }: FetchFailure): void {
    const now = this.#clock.now();
    if (retryAfter !== undefined) this.#namedUntil = Math.max(this.#namedUntil, now + retryAfter);
    if (failure === 'throttled') this.#until = Math.max(this.#until, now + (retryAfter ?? usualRest));
  }

  end(): void {
    this.#until = 0;
  }

  /** Milliseconds for which the others are better asked. */
  get left(): number {
    return Math.max(this.#leftOf(this.#until), this.owed);
  }

  /** Milliseconds for which it has said itself that it must not be asked. */
  get owed(): number {
    return this.#leftOf(this.#namedUntil);
  }

  #leftOf(until: number): number {
    // Asked several times in each fetch, and nearly always there was none.
    return until === 0 ? 0 : Math.max(until - this.#clock.now(), 0);
  }
}
