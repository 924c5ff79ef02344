import { DueHeap, notInHeap } from './due-heap.ts';
import type { HeapItem } from './due-heap.ts';
import { isRotationMissed } from './entry-status.ts';

/** A secret with an announced rotation. It is due at that date, in milliseconds since 1970. */
interface Announced extends HeapItem {
  readonly key: string;
}

/** The secrets whose rotation was missed. */
export interface MissedRotations {
  readonly count: number;
  /** Some of their keys, the longest missed first. */
  readonly keys: readonly string[];
  /** The longest missed date, in milliseconds since 1970. */
  readonly since: number | undefined;
}

/** The announced rotation dates of the secrets in memory. Only managed secrets have one, so they are not kept in every entry. */
export class Rotations {
  readonly #announced = new Map<string, Announced>();
  /** Which of them were missed at the date of the last call of `missed`. */
  readonly #pending = new DueHeap<Announced>();
  readonly #missed = new DueHeap<Announced>();
  #date = 0;

  set(key: string, nextAt: number | undefined): void {
    const previous = this.#announced.get(key);
    if (previous !== undefined) {
      (isRotationMissed(previous.dueAt, this.#date) ? this.#missed : this.#pending).delete(previous);
      this.#announced.delete(key);
    }
    // A store may have any number there. Before 1970, and NaN, is no date.
    if (nextAt === undefined || !(nextAt > 0)) return;
    const announced: Announced = { key, dueAt: nextAt, heapIndex: notInHeap };
    this.#announced.set(key, announced);
    (isRotationMissed(nextAt, this.#date) ? this.#missed : this.#pending).set(announced, nextAt);
  }

  /** Takes one step per rotation that was missed since the last call. Returns up to `maxKeys` keys. */
  missed(date: number, maxKeys: number): MissedRotations {
    this.#moveTo(date);
    return {
      count: this.#missed.size,
      keys: this.#missed.sample(maxKeys).map(({ key }) => key),
      since: this.#missed.next(),
    };
  }

  clear(): void {
    this.#announced.clear();
    this.#pending.clear();
    this.#missed.clear();
  }

  #moveTo(date: number): void {
    // An operator may set the date back.
    if (date < this.#date) {
      for (let item = this.#missed.take(Infinity); item !== undefined; item = this.#missed.take(Infinity)) {
        this.#pending.set(item, item.dueAt);
      }
    }
    this.#date = date;
    for (let next = this.#pending.next(); isRotationMissed(next, date); next = this.#pending.next()) {
      const item = this.#pending.take(Infinity);
      if (item !== undefined) this.#missed.set(item, item.dueAt);
    }
  }
}
