import type { Clock } from '../time/clock.ts';

/** The rate before the first response (requests per second), and its bucket: a fleet may be starting at this moment. */
const initialRate = 2;
/**
 * Time in which the rate doubles before the first throttled response (ms). It grows only when a response arrives, by one doubling at most:
 * responses are slow where a fleet starts. Each success allows one request more.
 */
const startDoubling = 50;
/** Time in which the rate doubles after a throttled response (ms): 10 % a second. */
const laterDoubling = 7_000;
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
  #startTokens = 0;
  /** When time raised the rate last; `undefined` before the first request. */
  #raisedAt: number | undefined;
  #phase: 'start' | 'max' | 'throttled' = 'max';
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

  /** Lowers the rate before the first request. Returns the number of requests to send at once. */
  startLow(): number {
    this.#rate = Math.min(initialRate, this.#max);
    this.#phase = this.#rate < this.#max ? 'start' : 'max';
    return this.#rate;
  }

  /** Requests per second. */
  get current(): number {
    if (this.#phase === 'max' || this.#raisedAt === undefined) return this.#rate;
    const now = this.#clock.cachedNow();
    if (this.#phase === 'start') return this.#rate;
    this.#rate *= 2 ** ((now - this.#raisedAt) / laterDoubling);
    this.#raisedAt = now;
    if (this.#rate < this.#max) return this.#rate;
    this.#rate = this.#max;
    this.#phase = 'max';
    return this.#max;
  }

  /** The requests to add once a low start has reached the limit: from then on the limit applies as if the rate had never been low. */
  takeStartTokens(): number {
    const tokens = this.#startTokens;
    this.#startTokens = 0;
    return tokens;
  }

  /** Whether KMS has throttled this client, and the rate is still below the limit. */
  get isThrottled(): boolean {
    return this.#phase === 'throttled';
  }

  sent(): void {
    const now = this.#clock.cachedNow();
    this.#raisedAt ??= now;
    this.#turnSecond(now);
    this.#lastSentAt = now;
    this.#sent += 1;
  }

  /** A response that is not throttled raises a low start. Returns the number of requests that may be sent in addition to the rate. */
  responded(): number {
    if (this.#phase !== 'start') return 0;
    const now = this.#clock.cachedNow();
    this.#rate *= 2 ** Math.min((now - (this.#raisedAt ?? now)) / startDoubling, 1);
    this.#raisedAt = now;
    if (this.#rate >= this.#max) {
      this.#rate = this.#max;
      this.#startTokens = this.#max;
      this.#phase = 'max';
    }
    return 1;
  }

  /** Returns whether the rate is lower now. Requests that left before the last decrease do not lower it again. */
  throttled(sentAt: number): boolean {
    if (sentAt < this.#decreasedAt) return false;
    const now = this.#clock.cachedNow();
    // Until the last request: after a slow response or a blocked event loop, nothing was sent in the last second.
    const elapsed = (this.#lastSentAt - this.#secondAt) / 1_000;
    const sent = this.#sent + this.#sentBefore * (1 - elapsed);
    if (this.#phase === 'max' && sent <= Math.max(negligibleRequests, this.#max * negligibleShare)) return false;
    this.#rate = Math.min(this.#max, Math.max(Math.min(sent, this.current) * decrease, minRate));
    this.#phase = 'throttled';
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
