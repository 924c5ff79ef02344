import { AsyncResource } from 'node:async_hooks';
import type { Clock, Duration } from '@kms-secrets/core';
import { milliseconds } from '@kms-secrets/core';

interface Timer {
  readonly due: number;
  readonly task: () => void;
}

/**
 * A `Clock` that stands still until a test moves it. A timer runs in the async context in which it was set, as those of Node do.
 *
 * `pass` lets time pass in a running process, `freeze` in a suspended one (a sleeping laptop, a frozen function), and
 * `setDate` changes the machine's date.
 */
export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>();
  readonly #settle: () => Promise<void>;
  readonly #random: () => number;
  #now: number;
  #date: number;

  constructor(
    options: {
      /** The initial date, in milliseconds since 1970. */
      readonly date?: number;
      /** The initial `now()`: how long the process has run. Default: 0. */
      readonly uptime?: Duration;
      /** The implementation of `random()`. Default: always 0.5. */
      readonly random?: () => number;
      /** Waits until the code under test has nothing left to do at the present time. Default: one turn of the event loop. */
      readonly settle?: () => Promise<void>;
    } = {},
  ) {
    this.#date = options.date ?? Date.UTC(2026, 0, 2, 3, 4, 5);
    this.#now = milliseconds(options.uptime ?? 0);
    this.#random = options.random ?? (() => 0.5);
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
    return this.#random();
  }

  setUnrefTimer(ms: number, task: () => void): () => void {
    const timer: Timer = { due: this.#now + Math.max(ms, 0), task: AsyncResource.bind(task) };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  setTimer(ms: number, task: () => void): () => void {
    return this.setUnrefTimer(ms, task);
  }

  /** The number of timers that are set. 0 once everything is closed. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Lets time pass. Runs each timer at its time, and lets the code that it started settle before the next one. */
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

  /** Lets time pass in a suspended process: no timer runs before the next `pass`. */
  freeze(length: Duration): void {
    this.#moveTo(this.#now + milliseconds(length));
  }

  /** Sets the date. `now()` and the timers do not change. */
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
