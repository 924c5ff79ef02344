/**
 * Counts how many times of a changing set have passed. It does not store each time, but how many fall into each second, rounded
 * up: a count takes one step per second since the last count, for any number of times.
 */
export class ExpiryCounter {
  /** The number of times in each second that has not passed. */
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

  /** How many of the times have passed, accurate to one second. `now` must not go back. */
  passed(now: number): number {
    const second = Math.floor(now / 1_000);
    for (const past of this.#secondsUpTo(second)) {
      this.#passed += this.#pending.get(past) ?? 0;
      this.#pending.delete(past);
    }
    this.#lastSecond = Math.max(this.#lastSecond, second);
    return this.#passed;
  }

  /** The first time that has not passed, rounded up to a second; `undefined` if all have. Takes one step per pending second. */
  next(now: number): number | undefined {
    this.passed(now);
    let next: number | undefined;
    for (const second of this.#pending.keys()) if (next === undefined || second < next) next = second;
    return next === undefined ? undefined : next * 1_000;
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
