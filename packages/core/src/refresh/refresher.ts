// Fetches again what comes due, before a reader has to wait for it: one timer for all secrets, a few at a time.

import type { Clock } from '../clock.ts';
import { DueHeap } from './due-heap.ts';

/**
 * Milliseconds. A timer stands still while the machine sleeps: one set for an hour would still run for most of it after
 * a night, while what it was set for is long overdue.
 */
const longestSleep = 60_000;

/**
 * Runs `refresh` for every key when it comes due. What happens then, and when the key comes due again, is for `refresh`
 * to say, by `schedule`; it must not reject.
 *
 * Due times are absolute: a process that slept finds all of them overdue when its timer fires, and catches up.
 */
export class Refresher {
  readonly #clock: Clock;
  readonly #refresh: (key: string) => Promise<void>;
  readonly #concurrency: number;
  readonly #due = new DueHeap();
  #running = 0;
  #isClosed = false;
  #armedFor: number | undefined;
  #cancel: (() => void) | undefined;

  constructor(parts: {
    readonly clock: Clock;
    readonly refresh: (key: string) => Promise<void>;
    readonly concurrency: number;
  }) {
    this.#clock = parts.clock;
    this.#refresh = parts.refresh;
    this.#concurrency = parts.concurrency;
  }

  /** Lets `key` come due in `ms`, whatever was scheduled for it before. */
  schedule(key: string, ms: number): void {
    if (this.#isClosed) return;
    this.#due.set(key, this.#clock.now() + ms);
    this.#arm();
  }

  forget(key: string): void {
    this.#due.delete(key);
  }

  /** The clock's `now` at which `key` comes due. */
  dueAt(key: string): number | undefined {
    return this.#due.at(key);
  }

  close(): void {
    this.#isClosed = true;
    this.#due.clear();
    this.#disarm();
  }

  #arm(): void {
    const next = this.#running >= this.#concurrency ? undefined : this.#due.next();
    if (next === this.#armedFor) return;
    this.#disarm();
    if (next === undefined) return;
    this.#armedFor = next;
    const wait = Math.min(Math.max(next - this.#clock.now(), 0), longestSleep);
    this.#cancel = this.#clock.after(wait, () => {
      this.#armedFor = undefined;
      this.#runDue();
    });
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#armedFor = undefined;
  }

  #runDue(): void {
    const now = this.#clock.now();
    while (this.#running < this.#concurrency) {
      const key = this.#due.take(now);
      if (key === undefined) break;
      this.#running += 1;
      void this.#run(key);
    }
    this.#arm();
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#refresh(key);
    } finally {
      this.#running -= 1;
      if (!this.#isClosed) this.#arm();
    }
  }
}
