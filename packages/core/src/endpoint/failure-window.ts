import type { Clock } from '../time/clock.ts';

/** The window consists of this many slices: a fixed number of counters for any number of calls. */
const sliceCount = 10;

interface Slice {
  /** The number of the slice since the clock's zero. An older slice at the same index of the ring is overwritten. */
  at: number;
  calls: number;
  failures: number;
}

/** Counts the calls and failures of the last `length` milliseconds, accurate to one slice. */
export class FailureWindow {
  readonly #clock: Clock;
  readonly #sliceLength: number;
  readonly #slices: Slice[] = [];

  constructor(clock: Clock, length: number) {
    this.#clock = clock;
    this.#sliceLength = length / sliceCount;
  }

  add(call: 'succeeded' | 'failed'): void {
    const at = Math.floor(this.#clock.cachedNow() / this.#sliceLength);
    const index = at % sliceCount;
    const slice = this.#slices[index];
    const current = slice?.at === at ? slice : { at, calls: 0, failures: 0 };
    current.calls += 1;
    if (call === 'failed') current.failures += 1;
    this.#slices[index] = current;
  }

  get totals(): { readonly calls: number; readonly failures: number } {
    const oldest = Math.floor(this.#clock.cachedNow() / this.#sliceLength) - sliceCount + 1;
    let calls = 0;
    let failures = 0;
    for (const slice of this.#slices) {
      // The array has holes where a slice had no call yet.
      if ((slice as Slice | undefined) === undefined || slice.at < oldest) continue;
      calls += slice.calls;
      failures += slice.failures;
    }
    return { calls, failures };
  }

  clear(): void {
    this.#slices.length = 0;
  }
}
