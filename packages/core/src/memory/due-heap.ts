/** Something that comes due; the heap keeps its own notes in it, and so needs no object and no map beside it. */
export interface Due {
  /** When it comes due; means nothing while it is not in the heap. */
  dueAt: number;
  /** Where it stands in the heap; `nowhere` while it is not in it. */
  place: number;
}

export const nowhere = -1;

/** Things by the moment they come due, the earliest first: a binary heap of what is there anyway, eight bytes for each. */
export class DueHeap<Item extends Due> {
  readonly #heap: Item[] = [];

  /** Lets `item` come due at that time, whatever was set for it before. */
  set(item: Item, at: number): void {
    item.dueAt = at;
    if (item.place === nowhere) {
      item.place = this.#heap.length;
      this.#heap.push(item);
    }
    this.#settle(item);
  }

  delete(item: Item): void {
    const last = item.place === nowhere ? undefined : this.#heap.pop();
    if (last === undefined) return;
    if (last !== item) {
      this.#put(last, item.place);
      this.#settle(last);
    }
    item.place = nowhere;
  }

  /** When the earliest comes due. */
  next(): number | undefined {
    return this.#heap[0]?.dueAt;
  }

  /** Takes the earliest out, if it has come due. */
  take(now: number): Item | undefined {
    const [first] = this.#heap;
    if (first === undefined || first.dueAt > now) return undefined;
    this.delete(first);
    return first;
  }

  clear(): void {
    for (const item of this.#heap) item.place = nowhere;
    this.#heap.length = 0;
  }

  /** Brings one whose time has changed to its place: up while what is above comes later, else down. */
  #settle(item: Item): void {
    let { place } = item;
    for (let above = this.#above(place); above !== undefined && above.dueAt > item.dueAt; above = this.#above(place)) {
      const free = above.place;
      this.#put(above, place);
      place = free;
    }
    for (let below = this.#below(place); below !== undefined && below.dueAt < item.dueAt; below = this.#below(place)) {
      const free = below.place;
      this.#put(below, place);
      place = free;
    }
    this.#put(item, place);
  }

  #above(place: number): Item | undefined {
    return place === 0 ? undefined : this.#heap[(place - 1) >> 1];
  }

  /** The earlier of the two below. */
  #below(place: number): Item | undefined {
    const left = this.#heap[2 * place + 1];
    const right = this.#heap[2 * place + 2];
    return left !== undefined && right !== undefined && right.dueAt < left.dueAt ? right : left;
  }

  #put(item: Item, place: number): void {
    this.#heap[place] = item;
    item.place = place;
  }
}
