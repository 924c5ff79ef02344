import type { Clock } from '../time/clock.ts';
import { notInHeap } from './due-heap.ts';
import type { HeapItem } from './due-heap.ts';
import type { Entry } from './entry.ts';
import { Refresher } from './refresher.ts';

/** An entry, or a preloaded name that is not in memory. */
interface QueueItem extends HeapItem {
  readonly key: string;
}

export interface RefreshQueueParts {
  readonly clock: Clock;
  readonly concurrency: number;
  /** Names that are never idle, and that are refreshed even if they are not in memory. */
  readonly preloaded: readonly string[];
  /** The minimum age of a value that `recheck` refreshes (ms). */
  readonly recheckInterval: number;
  /** Refreshes the secret with this key. Must not reject. */
  readonly refresh: (key: string) => Promise<void>;
}

/** The next refresh of each entry in memory, and of each preloaded name that is missing there. */
export class RefreshQueue {
  readonly preloaded: ReadonlySet<string>;
  readonly #clock: Clock;
  readonly #recheckInterval: number;
  readonly #missing = new Map<string, QueueItem>();
  readonly #refresher: Refresher<QueueItem>;

  constructor({ clock, concurrency, preloaded, recheckInterval, refresh }: RefreshQueueParts) {
    this.#clock = clock;
    this.#recheckInterval = recheckInterval;
    this.preloaded = new Set(preloaded);
    this.#refresher = new Refresher({ clock, concurrency, refresh: ({ key }) => refresh(key) });
  }

  schedule(entry: Entry, ms: number): void {
    this.#refresher.schedule(entry, ms);
  }

  /** Schedules the entry, or without one the missing preloaded name. Does nothing for any other key. */
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
    if (dueAt < entry.dueAt) this.schedule(entry, dueAt - now);
  }

  /** Adds a preloaded name that is not in memory. Does nothing for any other name. */
  addMissing(key: string): void {
    if (!this.preloaded.has(key) || this.#missing.has(key)) return;
    this.#missing.set(key, { key, dueAt: 0, heapIndex: notInHeap });
  }

  /** Removes a key from the queue. `entry` is the entry that was removed from memory, if there was one. */
  remove(key: string, entry: Entry | undefined): void {
    const item = entry ?? this.#missing.get(key);
    if (item !== undefined) this.#refresher.remove(item);
    this.#missing.delete(key);
  }

  /** The preloaded names that are not in memory. */
  get missing(): readonly string[] {
    return [...this.#missing.keys()];
  }

  close(): void {
    this.#refresher.close();
    this.#missing.clear();
  }
}
