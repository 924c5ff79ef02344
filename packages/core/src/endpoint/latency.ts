/** The number of samples kept: 1 KiB per endpoint. */
const windowSize = 128;
/** With fewer samples, the slowest one in twenty is random. */
const minSamples = 20;
/** The percentile is computed again after this many samples: sorting at every sample is not worth its cost. */
const recomputeAfter = 8;

/** The latency of an endpoint: a window over its last responses. */
export class Latency {
  readonly #samples = new Float64Array(windowSize);
  #count = 0;
  #slowest = 0;
  #p95: number | undefined;

  add(ms: number): void {
    this.#samples[this.#count % windowSize] = ms;
    this.#count += 1;
    this.#slowest = Math.max(this.#slowest, ms);
    if (this.#count % recomputeAfter === 0) this.#p95 = undefined;
  }

  /** Milliseconds; `undefined` with fewer than `minSamples` samples. */
  get p95(): number | undefined {
    if (this.#count < minSamples) return undefined;
    this.#p95 ??= percentile(this.#samples.subarray(0, Math.min(this.#count, windowSize)), 0.95);
    return this.#p95;
  }

  /** Stands in for `p95` while there are too few samples: twice the slowest one (ms); `undefined` without any. */
  get estimate(): number | undefined {
    return this.#count === 0 ? undefined : 2 * this.#slowest;
  }
}

/** Nearest-rank method: the result is always one of the samples. */
function percentile(samples: Float64Array, share: number): number | undefined {
  return samples.toSorted()[Math.ceil(samples.length * share) - 1];
}
