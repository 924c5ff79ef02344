import type { Clock } from '../time/clock.ts';
import { RollingCount } from './rolling-count.ts';

/** Seconds over which the rate is measured. */
const window = 60;

/** Counts the requests of the last minute. */
export class RequestRate {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #requests: RollingCount;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#requests = new RollingCount(clock, { slices: window, sliceLength: 1_000 });
  }

  add(): void {
    this.#requests.add();
  }

  /** Requests per second over the last minute, or since the start if that is later. */
  get perSecond(): number {
    const seconds = Math.min(Math.max((this.#clock.now() - this.#startedAt) / 1_000, 1), window);
    return this.#requests.total / seconds;
  }
}
