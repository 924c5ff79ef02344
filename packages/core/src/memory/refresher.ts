import type { Clock } from '../time/clock.ts';
import { firstTickFrom, startOfTick, ticksOf } from '../time/ticks.ts';
import type { Ticks } from '../time/ticks.ts';
import { DueHeap, notInHeap } from './due-heap.ts';
import type { HeapItem } from './due-heap.ts';

/**
 * The longest timer (ms). A timer stands still while the machine is suspended: after a night's suspend, a timer of one hour would
 * run on for most of that hour, although its item is overdue.
 */
const maxTimer = 60_000;

/**
 * The number of refreshes that start in one turn of the event loop. After a suspend all items are overdue, and starting them in
 * one turn would block the event loop.
 */
const maxStartsPerTurn = 4;

export interface RefresherParts<Item> {
  readonly clock: Clock;
  /** Refreshes the item and schedules it again. Must not reject. */
  readonly refresh: (item: Item) => Promise<void>;
  /** The maximum number of concurrent refreshes. */
  readonly concurrency: number;
}

/**
 * Refreshes items when they are due, with one timer for all of them.
 *
 * Due times are absolute: after a suspend, the items that are overdue are refreshed when the timer fires.
 */
export class Refresher<Item extends HeapItem<Ticks>> {
  readonly #clock: Clock;
  readonly #refresh: (item: Item) => Promise<void>;
  readonly #concurrency: number;
  readonly #due = new DueHeap<Item>();
  #running = 0;
  #isClosed = false;
  #armedFor: Ticks | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(parts: RefresherParts<Item>) {
    this.#clock = parts.clock;
    this.#refresh = parts.refresh;
    this.#concurrency = parts.concurrency;
  }

  /** Makes `item` due in `ms` milliseconds, or less than one tick later; at once without a delay. Replaces its previous due time. */
  schedule(item: Item, ms: number): void {
    if (this.#isClosed) return;
    const now = this.#clock.now();
    this.#due.set(item, ms > 0 ? firstTickFrom(now + ms) : ticksOf(now));
    this.#arm();
  }

  /**
   * Refreshes `item` now instead of at its due time. Does nothing if it is not scheduled, or while the maximum of refreshes runs: it
   * is then refreshed at its due time. Its timer may stand still after a suspend, so the timer is set again for the other items.
   */
  start(item: Item): void {
    if (this.#running >= this.#concurrency || item.heapIndex === notInHeap) return;
    this.#due.delete(item);
    this.#running += 1;
    void this.#run(item);
    this.#disarm();
    this.#arm();
  }

  remove(item: Item): void {
    this.#due.delete(item);
  }

  close(): void {
    this.#isClosed = true;
    this.#due.clear();
    this.#disarm();
  }

  #arm(): void {
    const next = this.#running >= this.#concurrency ? undefined : this.#due.next();
    // An earlier timer stays: it finds nothing due and is set again. That is cheaper than a new timer after each fetch.
    if (next !== undefined && this.#armedFor !== undefined && this.#armedFor <= next) return;
    this.#disarm();
    if (next === undefined) return;
    this.#armedFor = next;
    const wait = Math.min(Math.max(startOfTick(next) - this.#clock.now(), 0), maxTimer);
    this.#cancelTimer = this.#clock.setUnrefTimer(wait, () => {
      this.#armedFor = undefined;
      this.#startDue();
    });
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#armedFor = undefined;
  }

  #startDue(): void {
    const now = ticksOf(this.#clock.now());
    for (let started = 0; started < maxStartsPerTurn && this.#running < this.#concurrency; started += 1) {
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
