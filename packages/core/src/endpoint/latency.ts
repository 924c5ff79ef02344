/** How many of the last answers are looked at; their times take 1 KiB an endpoint. */
const size = 128;
/** Of fewer answers, the slowest in twenty is a matter of chance. */
const leastSamples = 20;
/** Looked up anew after so many answers: in between, one answer more or less changes little. */
const refreshAfter = 8;

/** How long the recent answers of an endpoint took: the last ones, however many there were. */
export class Latency {
  readonly #samples = new Float64Array(size);
  #count = 0;
  #slowest = 0;
  #p95: number | undefined;

  add(ms: number): void {
    this.#samples[this.#count % size] = ms;
    this.#count += 1;
    this.#slowest = Math.max(this.#slowest, ms);
    if (this.#count % refreshAfter === 0) this.#p95 = undefined;
  }

  /** Nineteen in twenty were at least as fast; `undefined` as long as there are too few of them to tell. */
  get p95(): number | undefined {
    if (this.#count < leastSamples) return undefined;
    this.#p95 ??= percentile(this.#samples.subarray(0, Math.min(this.#count, size)), 0.95);
    return this.#p95;
  }

  /** What an answer may well take as long as there are too few of them to tell: twice the slowest. `undefined` before the first. */
  get guess(): number | undefined {
    return this.#count === 0 ? undefined : 2 * this.#slowest;
  }
}

/** By the nearest rank: always one of the samples, and never less than that share of them. */
function percentile(samples: Float64Array, share: number): number | undefined {
  return samples.toSorted()[Math.ceil(samples.length * share) - 1];
}
