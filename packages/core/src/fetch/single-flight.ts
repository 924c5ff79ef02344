/**
 * Runs at most one fetch per key at a time; concurrent callers join it.
 *
 * The identity check in `finally` matters: after `forget(key)` a newer flight may be in progress, and the older one must not
 * remove it (golang.org/x/sync/singleflight guards the same line).
 */
export class SingleFlight<Value> {
  readonly #flights = new Map<string, Promise<Value>>();

  /** `fetch` receives a function that returns whether its flight was forgotten: its result is then for its own callers only. */
  run(key: string, fetch: (isForgotten: () => boolean) => Promise<Value>): Promise<Value> {
    const joined = this.#flights.get(key);
    if (joined !== undefined) return joined;

    const flight: Promise<Value> = Promise.resolve()
      .then(() => fetch(() => this.#flights.get(key) !== flight))
      .finally(() => {
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
      });
    // Callers handle the rejection of the promise they hold; a flight without callers is not an unhandled rejection.
    flight.catch(() => {});
    this.#flights.set(key, flight);
    return flight;
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  get size(): number {
    return this.#flights.size;
  }

  /** The next caller starts a new flight; callers of the current one keep it. */
  forget(key: string): void {
    this.#flights.delete(key);
  }
}
