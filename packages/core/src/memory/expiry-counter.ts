import { DueHeap, notInHeap } from './due-heap.ts';
import type { HeapItem } from './due-heap.ts';

/** The times that fall into one second, rounded up. It is due in that second. */
interface Second extends HeapItem {
  count: number;
}

/**
 * Counts how many times of a changing set have passed. It does not store each time, but how many fall into each second, rounded
 * up: a count takes one step per second that has passed since the last count, for any number of times.
 */
export class ExpiryCounter {
  /** The seconds that have not passed. */
  readonly #pending = new Map<number, Second>();
  readonly #queue = new DueHeap<Second>();
  #passed = 0;
  /** The last second whose times are in `#passed`. */
  #lastSecond = Number.NEGATIVE_INFINITY;

  add(time: number): void {
    this.#change(time, 1);
  }

  /** Removes a time that was added before. */
  remove(time: number): void {
    this.#change(time, -1);
  }

  /** How many of the times have passed, accurate to one second. `now` must not go back. */
  passed(now: number): number {
    const current = Math.floor(now / 1_000);
    for (let second = this.#queue.take(current); second !== undefined; second = this.#queue.take(current)) {
      this.#pending.delete(second.dueAt);
      this.#passed += second.count;
    }
    this.#lastSecond = Math.max(this.#lastSecond, current);
    return this.#passed;
  }

  /** The first time that has not passed, rounded up to a second; `undefined` if all have. */
  next(now: number): number | undefined {
    this.passed(now);
    const next = this.#queue.next();
    return next === undefined ? undefined : next * 1_000;
  }

  clear(): void {
    this.#pending.clear();
    this.#queue.clear();
    this.#passed = 0;
  }

  #change(time: number, by: 1 | -1): void {
    const at = Math.ceil(time / 1_000);
    if (at <= this.#lastSecond) {
      this.#passed += by;
      return;
    }
    const second = this.#pending.get(at) ?? this.#addSecond(at);
    second.count += by;
    if (second.count !== 0) return;
    this.#pending.delete(at);
    this.#queue.delete(second);
  }

  #addSecond(at: number): Second {
    const second: Second = { count: 0, dueAt: at, heapIndex: notInHeap };
    this.#pending.set(at, second);
    this.#queue.set(second, at);
    return second;
  }
}
