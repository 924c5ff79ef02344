import type { Clock } from '../time/clock.ts';
import type { StoredSecret } from '../ports/store.ts';
import type { Instant } from './tombstones.ts';

/** Differences between the clocks of a fleet that are normal (ms). */
const clockSkew = 30_000;

/** Converts between the calendar, which processes share, and the clock's `now`. */
export class FetchDates {
  readonly #clock: Clock;
  /** The latest fetch date seen in a store. If it is in the future, the calendar was set back. */
  #latest = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isSetBack(): boolean {
    return this.#clock.date() + clockSkew < this.#latest;
  }

  see(fetchedAt: number): void {
    this.#latest = Math.max(this.#latest, fetchedAt);
  }

  /** Covers everything fetched so far, also before the calendar was set back. */
  removalInstant(): Instant {
    return { date: Math.max(this.#clock.date(), this.#latest), now: this.#clock.now() };
  }

  instantOf({ fetchedAt }: StoredSecret): Instant {
    return { date: fetchedAt, now: this.#nowOf(fetchedAt) };
  }

  dateOf(now: number): number {
    return this.#clock.date() - (this.#clock.now() - now);
  }

  /** `undefined` for a date that is further in the future than the clocks of a fleet differ. */
  #nowOf(date: number): number | undefined {
    const age = this.#clock.date() - date;
    return age < -clockSkew ? undefined : this.#clock.now() - Math.max(age, 0);
  }
}
