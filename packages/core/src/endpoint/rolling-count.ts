import type { Clock } from '../time/clock.ts';

export interface RollingCountSettings {
  readonly slices: number;
  /** Milliseconds. */
  readonly sliceLength: number;
}

/** Counts events in the last slices of time: a fixed number of counters for any number of events. */
export class RollingCount {
  readonly #clock: Clock;
  readonly #sliceLength: number;
  /** A ring. */
  readonly #counts: number[];
  /** The number of the latest slice since the clock's zero. */
  #latest = 0;

  constructor(clock: Clock, { slices, sliceLength }: RollingCountSettings) {
    this.#clock = clock;
    this.#sliceLength = sliceLength;
    this.#counts = Array.from({ length: slices }, () => 0);
  }

  add(): void {
    this.#advance();
    const index = this.#latest % this.#counts.length;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  get total(): number {
    this.#advance();
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  clear(): void {
    this.#counts.fill(0);
  }

  /** Clears the slices that have begun since the last call. */
  #advance(): void {
    const now = Math.floor(this.#clock.cachedNow() / this.#sliceLength);
    const { length } = this.#counts;
    for (let slice = Math.max(this.#latest + 1, now - length + 1); slice <= now; slice += 1) {
      this.#counts[slice % length] = 0;
    }
    this.#latest = Math.max(this.#latest, now);
  }
}
