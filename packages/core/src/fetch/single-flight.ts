/**
 * Runs at most one function per key at a time. Concurrent callers share its result.
 *
 * The identity check in `finally` matters: after `forget(key)` a newer flight may be in progress, which the older one must not
 * remove (golang.org/x/sync/singleflight has the same check).
 */
export class SingleFlight<Value> {
  readonly #flights = new Map<string, Promise<Value>>();

  /** `task` receives a function that returns whether its flight was forgotten: then only its own callers get its result. */
  run(key: string, task: (isForgotten: () => boolean) => Promise<Value>): Promise<Value> {
    const joined = this.#flights.get(key);
    if (joined !== undefined) return joined;

    const flight: Promise<Value> = Promise.resolve()
      .then(() => task(() => this.#flights.get(key) !== flight))
      .finally(() => {
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
      });
    // Callers handle the rejection of the promise they hold; a flight without callers is not an unhandled rejection.
    flight.catch(() => {});
    this.#flights.set(key, flight);
    return flight;
  }

  get size(): number {
    return this.#flights.size;
  }

  /** Makes the next caller start a new flight. Callers of the current one still get its result. */
  forget(key: string): void {
    this.#flights.delete(key);
  }
}
