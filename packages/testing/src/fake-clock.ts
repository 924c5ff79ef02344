import type { Clock, Duration } from '@kms-secrets/core';
import { milliseconds } from '@kms-secrets/core';

interface Timer {
  readonly due: number;
  readonly task: () => void;
}

/**
 * A `Clock` that stands still until a test moves it.
 *
 * `pass` is a process that runs, `freeze` one that does not (a suspended laptop, a frozen function), `setDate` somebody
 * who sets the machine's calendar.
 */
export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>();
  readonly #settle: () => Promise<void>;
  readonly #chance: () => number;
  #now = 0;
  #date: number;

  constructor(
    options: {
      /** Milliseconds since 1970 that the calendar starts at. */
      readonly date?: number;
      /** What `random()` answers; always 0.5 by default. */
      readonly random?: () => number;
      /** Waits until the code under test has done what it can without time passing; one turn of the event loop by default. */
      readonly settle?: () => Promise<void>;
    } = {},
  ) {
    this.#date = options.date ?? Date.UTC(2026, 0, 2, 3, 4, 5);
    this.#chance = options.random ?? (() => 0.5);
    this.#settle = options.settle ?? (() => new Promise((resolve) => setImmediate(resolve)));
  }

  now(): number {
    return this.#now;
  }

  cachedNow(): number {
    return this.#now;
  }

  date(): number {
    return this.#date;
  }

  random(): number {
    return this.#chance();
  }

  setUnrefTimer(ms: number, task: () => void): () => void {
    const timer: Timer = { due: this.#now + Math.max(ms, 0), task };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  setTimer(ms: number, task: () => void): () => void {
    return this.setUnrefTimer(ms, task);
  }

  /** How many timers are waiting: 0 after everything was closed. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time go by: every timer that comes due is run in its turn, and what it started gets to settle. */
  async pass(length: Duration): Promise<void> {
    const end = this.#now + milliseconds(length);
    await this.#settle();
    for (let timer = this.#nextUpTo(end); timer !== undefined; timer = this.#nextUpTo(end)) {
      this.#timers.delete(timer);
      this.#moveTo(Math.max(timer.due, this.#now));
      timer.task();
      await this.#settle();
    }
    this.#moveTo(end);
    await this.#settle();
  }

  /** Time goes by while nothing runs: no timer fires, however overdue, before the next `pass`. */
  freeze(length: Duration): void {
    this.#moveTo(this.#now + milliseconds(length));
  }

  /** Sets the calendar and nothing else. */
  setDate(date: number): void {
    this.#date = date;
  }

  #moveTo(now: number): void {
    this.#date += now - this.#now;
    this.#now = now;
  }

  #nextUpTo(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer;
    }
    return next;
  }
}
