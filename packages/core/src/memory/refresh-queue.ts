import type { Clock } from '../time/clock.ts';
import { startOfTick, ticksOf } from '../time/ticks.ts';
import type { Ticks } from '../time/ticks.ts';
import { notInHeap } from './due-heap.ts';
import type { HeapItem } from './due-heap.ts';
import type { Entry } from './entry.ts';
import { Refresher } from './refresher.ts';

/** An entry, or a pinned secret that is not in memory. */
interface QueueItem extends HeapItem<Ticks> {
  readonly key: string;
}

export interface RefreshQueueParts {
  readonly clock: Clock;
  readonly concurrency: number;
  /** The minimum age of a value that `recheck` refreshes (ms). */
  readonly recheckInterval: number;
  /** Refreshes the secret with this key. Must not reject. */
  readonly refresh: (key: string) => Promise<void>;
}

/** The delay of the next fetch of a missing secret whose fetch had no effect, because `invalidate()` was called meanwhile (ms). */
const missingDelay = 1_000;

/** The next refresh of each entry in memory, and of each pinned secret that is missing there. */
export class RefreshQueue {
  readonly #clock: Clock;
  readonly #recheckInterval: number;
  readonly #missing = new Map<string, QueueItem>();
  readonly #refresher: Refresher<QueueItem>;

  constructor({ clock, concurrency, recheckInterval, refresh }: RefreshQueueParts) {
    this.#clock = clock;
    this.#recheckInterval = recheckInterval;
    this.#refresher = new Refresher({
      clock,
      concurrency,
      refresh: async ({ key }) => {
        await refresh(key);
        const missing = this.#missing.get(key);
        if (missing?.heapIndex === notInHeap) this.#refresher.schedule(missing, missingDelay);
      },
    });
  }

  schedule(entry: Entry, ms: number): void {
    this.#refresher.schedule(entry, ms);
  }

  /** Refreshes an entry now, unless its refresh is in flight or too many others are. */
  start(entry: Entry): void {
    this.#refresher.start(entry);
  }

  /** Schedules the entry, or without one the missing secret. Does nothing for any other key. */
  reschedule(key: string, entry: Entry | undefined, ms: number): void {
    const item = entry ?? this.#missing.get(key);
    if (item !== undefined) this.#refresher.schedule(item, ms);
  }

  /**
   * Refreshes a secret soon that may be one that KMS refused, under its ARN or its plain name. It may also be the secret of
   * another account, so it is not dropped. Not more often than `recheckInterval`: users may request any ARN.
   */
  recheck(entry: Entry | undefined): void {
    if (entry === undefined) return;
    const now = this.#clock.now();
    const dueAt = Math.max(now, entry.fetchedAt + this.#recheckInterval);
    if (ticksOf(dueAt) < entry.dueAt) this.schedule(entry, dueAt - now);
  }

  /** Adds a pinned secret that is not in memory. `reschedule` sets the time of its fetch. */
  addMissing(key: string): void {
    if (!this.#missing.has(key)) this.#missing.set(key, { key, dueAt: ticksOf(0), heapIndex: notInHeap });
  }

  isMissing(key: string): boolean {
    return this.#missing.has(key);
  }

  /** Removes a key from the queue. `entry` is the entry that was removed from memory, if there was one. */
  remove(key: string, entry: Entry | undefined): void {
    const item = entry ?? this.#missing.get(key);
    if (item !== undefined) this.#refresher.remove(item);
    this.#missing.delete(key);
  }

  /** When a missing secret is fetched; the clock's `now`. `undefined` while its fetch is in flight, and for any other key. */
  missingDueAt(key: string): number | undefined {
    const item = this.#missing.get(key);
    return item === undefined || item.heapIndex === notInHeap ? undefined : startOfTick(item.dueAt);
  }

  close(): void {
    this.#refresher.close();
    this.#missing.clear();
  }
}
