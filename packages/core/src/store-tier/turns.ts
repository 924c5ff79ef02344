/** Lets a limited number of callers in at a time. Further ones wait for their turn, in the order of their calls. */
export class Turns {
  #free: number;
  readonly #waiters = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves when it is the turn of the caller; returns `undefined` if it is at once. Each turn needs one `end`. */
  wait(): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free -= 1;
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiters.add(resolve);
    });
  }

  end(): void {
    const [next] = this.#waiters;
    if (next === undefined) this.#free += 1;
    else {
      this.#waiters.delete(next);
      next();
    }
  }
}
