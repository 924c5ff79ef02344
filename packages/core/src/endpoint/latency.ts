/** How many of the last answers are looked at; their times take 1 KiB an endpoint. */
const windowSize = 128;
/** Of fewer answers, the slowest in twenty is a matter of chance. */
const minSamples = 20;
/** Looked up anew after so many answers: in between, one answer more or less changes little. */
const recomputeAfter = 8;

/** How long the recent answers of an endpoint took: the last ones, however many there were. */
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

  /** Nineteen in twenty were at least as fast; `undefined` as long as there are too few of them to tell. */
  get p95(): number | undefined {
    if (this.#count < minSamples) return undefined;
    this.#p95 ??= percentile(this.#samples.subarray(0, Math.min(this.#count, windowSize)), 0.95);
    return this.#p95;
  }

  /** What an answer may well take as long as there are too few of them to tell: twice the slowest. `undefined` before the first. */
  get estimate(): number | undefined {
    return this.#count === 0 ? undefined : 2 * this.#slowest;
  }
}

/** By the nearest rank: always one of the samples, and never less than that share of them. */
function percentile(samples: Float64Array, share: number): number | undefined {
  return samples.toSorted()[Math.ceil(samples.length * share) - 1];
}
