import type { Clock } from '../time/clock.ts';

/** Time in which the rate doubles after a throttled response (ms): 10 % a second. */
const doubling = 7_000;
/** What it rises at least (requests per second in a second): a low rate would take minutes to find its share. */
const minIncrease = 0.4;
/** A throttled response lowers the rate to this share of what was sent in the second before the last request. */
const decrease = 0.5;
/** The lowest rate (requests per second). */
const minRate = 1;
/**
 * A client whose rate was never lowered, and that sent no more than this in the last second, is not the reason that KMS throttles:
 * the attempts of one fetch, or this share of the limit. The backoff of each fetch is enough.
 */
const negligibleRequests = 5;
const negligibleShare = 0.1;

export interface AdaptiveRateParts {
  readonly clock: Clock;
  /** The limit (requests per second). */
  readonly max: number;
}

/**
 * The request rate of an endpoint: throttling lowers it, time and successes raise it. The processes of an account share one quota
 * and do not know of each other; this way they divide it (AIMD, as in the adaptive retry mode of the AWS SDKs).
 */
export class AdaptiveRate {
  readonly #clock: Clock;
  readonly #max: number;
  #rate: number;
  /** When time raised the rate last. */
  #raisedAt = 0;
  #isThrottled = false;
  #decreasedAt = Number.NEGATIVE_INFINITY;
  /** The requests sent in the second that started at `secondAt`, and in the one before it. */
  #sent = 0;
  #sentBefore = 0;
  #secondAt = 0;
  #lastSentAt = 0;

  constructor({ clock, max }: AdaptiveRateParts) {
    this.#clock = clock;
    this.#max = max;
    this.#rate = max;
  }

  /** Requests per second. */
  get current(): number {
    if (!this.#isThrottled) return this.#max;
    const now = this.#clock.cachedNow();
    const elapsed = now - this.#raisedAt;
    this.#rate = Math.max(this.#rate * 2 ** (elapsed / doubling), this.#rate + (elapsed / 1_000) * minIncrease);
    this.#raisedAt = now;
    this.#isThrottled = this.#rate < this.#max;
    return this.#isThrottled ? this.#rate : this.#max;
  }

  /** Whether KMS has throttled this client, and the rate is still below the limit. */
  get isThrottled(): boolean {
    return this.#isThrottled;
  }

  sent(): void {
    const now = this.#clock.cachedNow();
    this.#turnSecond(now);
    this.#lastSentAt = now;
    this.#sent += 1;
  }

  /**
   * Returns whether the rate is lower now. Requests that left before the last decrease do not lower it again. A process that is
   * starting may be one of many: whatever it has sent, its rate is lowered.
   */
  throttled(sentAt: number, isStarting = false): boolean {
    if (sentAt < this.#decreasedAt) return false;
    const now = this.#clock.cachedNow();
    // Until the last request: after a slow response or a blocked event loop, nothing was sent in the last second.
    const elapsed = (this.#lastSentAt - this.#secondAt) / 1_000;
    const sent = this.#sent + this.#sentBefore * (1 - elapsed);
    const isNegligible = sent <= Math.max(negligibleRequests, this.#max * negligibleShare);
    if (!this.#isThrottled && !isStarting && isNegligible) return false;
    this.#rate = Math.min(this.#max, Math.max(Math.min(sent, this.current) * decrease, minRate));
    this.#isThrottled = true;
    this.#raisedAt = now;
    this.#decreasedAt = now + 1;
    return true;
  }

  #turnSecond(now: number): void {
    const seconds = Math.floor((now - this.#secondAt) / 1_000);
    if (seconds < 1) return;
    this.#sentBefore = seconds === 1 ? this.#sent : 0;
    this.#sent = 0;
    this.#secondAt += seconds * 1_000;
  }
}
