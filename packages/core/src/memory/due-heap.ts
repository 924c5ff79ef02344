/** An item of a `DueHeap`. The heap stores its data in the item, so it needs no object or map per item. */
export interface HeapItem<Time extends number = number> {
  /** When the item is due. Meaningless while the item is not in the heap. */
  dueAt: Time;
  /** The position in the heap, or `notInHeap`. */
  heapIndex: number;
}

/** The `heapIndex` of an item that is not in the heap. */
export const notInHeap = -1;

/** A binary heap of items ordered by due time, earliest first. It costs eight bytes per item. */
export class DueHeap<Item extends HeapItem> {
  readonly #heap: Item[] = [];

  /** Adds `item`, or changes its due time. */
  set(item: Item, at: Item['dueAt']): void {
    item.dueAt = at;
    if (item.heapIndex === notInHeap) {
      item.heapIndex = this.#heap.length;
      this.#heap.push(item);
    }
    this.#sift(item);
  }

  delete(item: Item): void {
    const last = item.heapIndex === notInHeap ? undefined : this.#heap.pop();
    if (last === undefined) return;
    if (last !== item) {
      this.#put(last, item.heapIndex);
      this.#sift(last);
    }
    item.heapIndex = notInHeap;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Up to `count` items, the earliest one first, the others in no order. */
  sample(count: number): readonly Item[] {
    return this.#heap.slice(0, count);
  }

  /** The earliest due time. */
  next(): Item['dueAt'] | undefined {
    return this.#heap[0]?.dueAt;
  }

  /** Removes and returns the earliest item if it is due. */
  take(now: Item['dueAt']): Item | undefined {
    const [first] = this.#heap;
    if (first === undefined || first.dueAt > now) return undefined;
    this.delete(first);
    return first;
  }

  clear(): void {
    for (const item of this.#heap) item.heapIndex = notInHeap;
    this.#heap.length = 0;
  }

  /** Restores the heap order around an item whose due time changed. */
  #sift(item: Item): void {
    let index = item.heapIndex;
    for (let parent = this.#parentOf(index); parent !== undefined && parent.dueAt > item.dueAt;) {
      const free = parent.heapIndex;
      this.#put(parent, index);
      index = free;
      parent = this.#parentOf(index);
    }
    for (let child = this.#earlierChildOf(index); child !== undefined && child.dueAt < item.dueAt;) {
      const free = child.heapIndex;
      this.#put(child, index);
      index = free;
      child = this.#earlierChildOf(index);
    }
    this.#put(item, index);
  }

  #parentOf(index: number): Item | undefined {
    return index === 0 ? undefined : this.#heap[(index - 1) >> 1];
  }

  #earlierChildOf(index: number): Item | undefined {
    const left = this.#heap[2 * index + 1];
    const right = this.#heap[2 * index + 2];
    return left !== undefined && right !== undefined && right.dueAt < left.dueAt ? right : left;
  }

  #put(item: Item, index: number): void {
    this.#heap[index] = item;
    item.heapIndex = index;
  }
}
