/** The number of samples in the window: 1 KiB per endpoint. */
const windowSize = 128;
/** With fewer samples, the 95th percentile would be the slowest sample, which may be an outlier. */
const minSamples = 20;
/** The percentile is computed again after this many samples: sorting after each sample would be too slow. */
const recomputeAfter = 8;

/** The latency of an endpoint, from its last responses. */
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

  /** The 95th percentile in milliseconds; `undefined` with fewer than `minSamples` samples. */
  get p95(): number | undefined {
    if (this.#count < minSamples) return undefined;
    this.#p95 ??= percentile(this.#samples.subarray(0, Math.min(this.#count, windowSize)), 0.95);
    return this.#p95;
  }

  /** Twice the slowest sample in milliseconds, for use while there are too few samples for `p95`; `undefined` without samples. */
  get estimate(): number | undefined {
    return this.#count === 0 ? undefined : 2 * this.#slowest;
  }
}

/** Nearest-rank method: the result is one of the samples. */
function percentile(samples: Float64Array, share: number): number | undefined {
  return samples.toSorted()[Math.ceil(samples.length * share) - 1];
}
