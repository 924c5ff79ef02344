/** So many successes allow one more open request. */
const successesPerRequest = 5;
/** The start is over when so many requests may be open. */
const maxWindow = 32;

/** After this long without a response, a request no longer counts (ms): a secret that hangs does not hold up the others. */
export const startWindowFor = 1_000;

/**
 * Limits the open requests of a process that starts, because many may start at the same moment and share one quota. Each of them learns
 * of the quota by a throttled response, and what is open at that moment is throttled too.
 *
 * It counts requests, not time: where a fleet starts, responses are slow, and a rate that rises with time is too high when the first
 * response arrives. One request at a time is 50 a second with responses that take 20 ms.
 */
export class SlowStart {
  #successes = 0;

  /** The maximum number of open requests. */
  get window(): number {
    return 1 + Math.floor(this.#successes / successesPerRequest);
  }

  get isOver(): boolean {
    return this.window >= maxWindow;
  }

  /** A response without throttling. */
  responded(): void {
    this.#successes += 1;
  }
}
