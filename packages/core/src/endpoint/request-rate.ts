import type { Clock } from '../time/clock.ts';

/** Seconds over which the rate is measured. */
const window = 60;

/** Counts the requests of the last minute, in one number per second. */
export class RequestRate {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #counts: number[] = Array.from({ length: window }, () => 0);
  #second: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#second = Math.floor(clock.now() / 1_000);
  }

  add(): void {
    this.#advance();
    this.#counts[this.#second % window] = (this.#counts[this.#second % window] ?? 0) + 1;
  }

  /** Requests per second over the last minute, or since the start if that is later. */
  get perSecond(): number {
    this.#advance();
    const total = this.#counts.reduce((sum, count) => sum + count, 0);
    const seconds = Math.min(Math.max((this.#clock.now() - this.#startedAt) / 1_000, 1), window);
    return total / seconds;
  }

  #advance(): void {
    const now = Math.floor(this.#clock.cachedNow() / 1_000);
    for (let second = Math.max(this.#second + 1, now - window + 1); second <= now; second += 1) {
      this.#counts[second % window] = 0;
    }
    this.#second = Math.max(this.#second, now);
  }
}
