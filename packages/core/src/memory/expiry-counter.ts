/**
 * Counts how many of a changing set of times have passed, without keeping each time: times are grouped by whole second,
 * rounded up. A count therefore costs one step per second since the last one, whatever the number of times.
 */
export class ExpiryCounter {
  /** How many times fall into each second that has not passed. */
  readonly #pending = new Map<number, number>();
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

  /** How many of the times are at or before `now`, which must not go back. */
  passed(now: number): number {
    const second = Math.floor(now / 1_000);
    for (const passed of this.#secondsUpTo(second)) {
      this.#passed += this.#pending.get(passed) ?? 0;
      this.#pending.delete(passed);
    }
    this.#lastSecond = Math.max(this.#lastSecond, second);
    return this.#passed;
  }

  clear(): void {
    this.#pending.clear();
    this.#passed = 0;
  }

  #change(time: number, by: 1 | -1): void {
    const second = Math.ceil(time / 1_000);
    if (second <= this.#lastSecond) {
      this.#passed += by;
      return;
    }
    const count = (this.#pending.get(second) ?? 0) + by;
    if (count === 0) this.#pending.delete(second);
    else this.#pending.set(second, count);
  }

  /** Either every pending second or every second since the last count, whichever are fewer. */
  #secondsUpTo(second: number): readonly number[] {
    const elapsed = second - this.#lastSecond;
    if (elapsed > this.#pending.size) return [...this.#pending.keys()].filter((pending) => pending <= second);
    return Array.from({ length: Math.max(0, elapsed) }, (_, index) => this.#lastSecond + 1 + index);
  }
}
