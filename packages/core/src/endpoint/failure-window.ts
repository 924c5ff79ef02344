import type { Clock } from '../time/clock.ts';

/** The window slides by whole slices: a fixed number of counters, however many calls there are. */
const sliceCount = 10;

interface Slice {
  /** The index of the slice since the clock's zero. A slice of the ring with an older index is overwritten. */
  at: number;
  calls: number;
  failures: number;
}

/** Counts calls and failures of the last `length` milliseconds, precise to one slice. */
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
    let calls = 0;
    let failures = 0;
    for (const slice of this.#slices) {
      // The ring has holes for slices without a call.
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
