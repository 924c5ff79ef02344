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
  /** Names that are refreshed even while they are not in memory and that are never idle. */
  readonly preloaded: readonly string[];
  /** Refreshes what is cached under the key. Must not reject. */
  readonly refresh: (key: string) => Promise<void>;
}

/** When each key is refreshed next: the entries in memory, and the preloaded names that are missing there. */
export class RefreshQueue {
  readonly preloaded: ReadonlySet<string>;
  readonly #missing = new Map<string, QueueItem>();
  readonly #refresher: Refresher<QueueItem>;

  constructor({ clock, concurrency, preloaded, refresh }: RefreshQueueParts) {
    this.preloaded = new Set(preloaded);
    this.#refresher = new Refresher({ clock, concurrency, refresh: ({ key }) => refresh(key) });
  }

  schedule(entry: Entry, ms: number): void {
    this.#refresher.schedule(entry, ms);
  }

  /** Schedules the entry, or the missing preloaded name. Anything else is not refreshed. */
  reschedule(key: string, entry: Entry | undefined, ms: number): void {
    const item = entry ?? this.#missing.get(key);
    if (item !== undefined) this.#refresher.schedule(item, ms);
  }

  /** Queues a preloaded name that is not in memory. Any other name is ignored. */
  addMissing(key: string): void {
    if (!this.preloaded.has(key) || this.#missing.has(key)) return;
    this.#missing.set(key, { key, dueAt: 0, heapIndex: notInHeap });
  }

  /** `entry` is the one that leaves memory, if there was one. */
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
