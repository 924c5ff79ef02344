import type { Clock } from '../time/clock.ts';

/** The window is forgotten a slice at a time: this many numbers are kept, however many calls there are. */
const sliceCount = 10;

interface Slice {
  /** Which slice of time it counts; what an older one holds is forgotten when it is taken for a new one. */
  at: number;
  calls: number;
  failures: number;
}

/** How many of the calls of the last `length` milliseconds have failed; a slice of time more or less. */
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
    const current = slice?.at === at ? slice : (this.#slices[index] = { at, calls: 0, failures: 0 });
    current.calls += 1;
    if (call === 'failed') current.failures += 1;
  }

  get totals(): { readonly calls: number; readonly failures: number } {
    const oldest = Math.floor(this.#clock.cachedNow() / this.#sliceLength) - sliceCount + 1;
    let [calls, failures] = [0, 0];
    for (const slice of this.#slices) {
      // Holes are slices of time in which nothing was called.
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
