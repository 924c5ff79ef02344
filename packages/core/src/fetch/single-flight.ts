/**
 * Runs at most one fetch per key at a time; callers that arrive meanwhile join it.
 *
 * The identity check in `finally` is the whole point: after `forget(key)` a new flight may be under way, and the old one
 * must not clear it from the board (golang.org/x/sync/singleflight guards the same line).
 */
export class SingleFlight<Value> {
  readonly #board = new Map<string, Promise<Value>>();

  /** `fetch` is told how to find out whether it was forgotten: what it brings is then for those aboard alone. */
  run(key: string, fetch: (isForgotten: () => boolean) => Promise<Value>): Promise<Value> {
    const joined = this.#board.get(key);
    if (joined !== undefined) return joined;

    const flight: Promise<Value> = Promise.resolve()
      .then(() => fetch(() => this.#board.get(key) !== flight))
      .finally(() => {
        if (this.#board.get(key) === flight) this.#board.delete(key);
      });
    // A flight may land with nobody aboard: whoever waits learns of its failure from the promise itself.
    flight.catch(() => {});
    this.#board.set(key, flight);
    return flight;
  }

  has(key: string): boolean {
    return this.#board.has(key);
  }

  get size(): number {
    return this.#board.size;
  }

  /** Callers from now on start a flight of their own; those aboard keep theirs. */
  forget(key: string): void {
    this.#board.delete(key);
  }
}
