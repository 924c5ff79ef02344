interface Due {
  readonly key: string;
  readonly at: number;
}

/** Keys by the moment they come due, the earliest first; a binary heap, so that 100,000 of them cost one timer. */
export class DueHeap {
  readonly #heap: Due[] = [];
  /** The entry that counts for a key: one that was set anew leaves its old one behind, to be passed over. */
  readonly #current = new Map<string, Due>();

  set(key: string, at: number): void {
    const due = { key, at };
    this.#current.set(key, due);
    this.#heap.push(due);
    this.#rise(this.#heap.length - 1);
    // Passed-over entries must not pile up: keys that are set again and again stay far from their turn.
    if (this.#heap.length > 64 && this.#heap.length > 2 * this.#current.size) this.#rebuild();
  }

  delete(key: string): void {
    this.#current.delete(key);
  }

  at(key: string): number | undefined {
    return this.#current.get(key)?.at;
  }

  /** When the earliest comes due. */
  next(): number | undefined {
    this.#passOver();
    return this.#heap[0]?.at;
  }

  /** Takes the earliest out, if it has come due. */
  take(now: number): string | undefined {
    this.#passOver();
    const [first] = this.#heap;
    if (first === undefined || first.at > now) return undefined;
    this.#removeFirst();
    this.#current.delete(first.key);
    return first.key;
  }

  clear(): void {
    this.#heap.length = 0;
    this.#current.clear();
  }

  #passOver(): void {
    for (
      let [first] = this.#heap;
      first !== undefined && this.#current.get(first.key) !== first;
      [first] = this.#heap
    ) {
      this.#removeFirst();
    }
  }

  #rebuild(): void {
    this.#heap.length = 0;
    for (const due of this.#current.values()) {
      this.#heap.push(due);
      this.#rise(this.#heap.length - 1);
    }
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink();
  }

  #rise(start: number): void {
    for (let index = start; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfLater(parent, index)) return;
      index = parent;
    }
  }

  #sink(): void {
    for (let index = 0; ;) {
      const left = 2 * index + 1;
      const earlier = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (!this.#swapIfLater(index, earlier)) return;
      index = earlier;
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.at ?? Number.POSITIVE_INFINITY;
  }

  #swapIfLater(upper: number, lower: number): boolean {
    const above = this.#heap[upper];
    const below = this.#heap[lower];
    if (above === undefined || below === undefined || above.at <= below.at) return false;
    this.#heap[upper] = below;
    this.#heap[lower] = above;
    return true;
  }
}
