// Fetches again what comes due, before a reader has to wait for it: one timer for all secrets, a few at a time.

import type { Clock } from '../time/clock.ts';
import { DueHeap } from './due-heap.ts';
import type { Due } from './due-heap.ts';

/**
 * Milliseconds. A timer stands still while the machine sleeps: one set for an hour would still run for most of it after
 * a night, while what it was set for is long overdue.
 */
const longestSleep = 60_000;

/**
 * How many are begun in one turn of the event loop: after a sleep everything is overdue at once, and what the loop is kept
 * waiting by is not the timer but how much is begun in one go.
 */
const mostAtOnce = 4;

/**
 * Runs `refresh` for every item when it comes due. What happens then, and when the item comes due again, is for `refresh`
 * to say, by `schedule`; it must not reject.
 *
 * Due times are absolute: a process that slept finds all of them overdue when its timer fires, and catches up.
 */
export class Refresher<Item extends Due> {
  readonly #clock: Clock;
  readonly #refresh: (item: Item) => Promise<void>;
  readonly #concurrency: number;
  readonly #due = new DueHeap<Item>();
  #running = 0;
  #isClosed = false;
  #armedFor: number | undefined;
  #cancel: (() => void) | undefined;

  constructor(parts: {
    readonly clock: Clock;
    readonly refresh: (item: Item) => Promise<void>;
    readonly concurrency: number;
  }) {
    this.#clock = parts.clock;
    this.#refresh = parts.refresh;
    this.#concurrency = parts.concurrency;
  }

  /** Lets `item` come due in `ms`, whatever was scheduled for it before. */
  schedule(item: Item, ms: number): void {
    if (this.#isClosed) return;
    // Whole milliseconds: a small integer needs no box, of which there would be one an item.
    this.#due.set(item, Math.ceil(this.#clock.now() + ms));
    this.#arm();
  }

  forget(item: Item): void {
    this.#due.delete(item);
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
    this.#cancel = this.#clock.setUnrefTimer(wait, () => {
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
    for (let begun = 0; begun < mostAtOnce && this.#running < this.#concurrency; begun += 1) {
      const item = this.#due.take(now);
      if (item === undefined) break;
      this.#running += 1;
      void this.#run(item);
    }
    this.#arm();
  }

  async #run(item: Item): Promise<void> {
    try {
      await this.#refresh(item);
    } finally {
      this.#running -= 1;
      if (!this.#isClosed) this.#arm();
    }
  }
}
