// @ts-check
// Machines are noisy, so figures are only compared within one run. The contenders take turns in rounds, so that noise affects all
// of them; medians are used, so that a single pause affects none.

/** @typedef {(times: number) => unknown} Loop runs its operation `times` times; a promise is awaited */
/** @typedef {{ ours: number; reference: number; ratio: number }} Comparison */

/** @param {readonly number[]} numbers */
export function median(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * Calls `run` for each contender in each round and returns the results, by contender and round. Each round starts with another
 * contender; otherwise one contender would always pay for the garbage of the same neighbour.
 * @template Contender
 * @param {Readonly<Record<string, Contender>>} contenders
 * @param {number} rounds
 * @param {(contender: Contender, name: string) => number | Promise<number>} run
 * @returns {Promise<Record<string, number[]>>}
 */
export async function inRounds(contenders, rounds, run) {
  const entries = Object.entries(contenders);
  /** @type {Record<string, number[]>} */
  const samples = Object.fromEntries(entries.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % entries.length;
    for (const [name, contender] of [...entries.slice(first), ...entries.slice(0, first)]) {
      samples[name]?.push(await run(contender, name));
    }
  }
  return samples;
}

/**
 * Nanoseconds per operation, by contender and round. Each loop is first calibrated to last at least `ms`, which also warms it up.
 * @param {Readonly<Record<string, Loop>>} loops
 * @param {{ rounds: number; ms: number }} options
 */
export async function timeInRounds(loops, { rounds, ms }) {
  /** @type {Map<string, number>} */
  const times = new Map();
  for (const [name, loop] of Object.entries(loops)) {
    let count = 64;
    while ((await duration(loop, count)) < ms * 1e6) count *= 2;
    times.set(name, count);
  }
  return inRounds(loops, rounds, async (loop, name) => {
    globalThis.gc?.({ type: 'minor' });
    const count = times.get(name) ?? 1;
    return (await duration(loop, count)) / count;
  });
}

/**
 * The ratio is the median of the ratios of each round, not the ratio of the medians: both halves of a round ran under the same load.
 * @param {Record<string, readonly number[]>} samples
 * @param {string} ours
 * @param {string} reference
 * @returns {Comparison}
 */
export function compare(samples, ours, reference) {
  const ourSamples = samples[ours] ?? [];
  const referenceSamples = samples[reference] ?? [];
  const ratio = median(ourSamples.map((value, round) => value / (referenceSamples[round] ?? Number.NaN)));
  return { ours: median(ourSamples), reference: median(referenceSamples), ratio };
}

/**
 * In nanoseconds.
 * @param {Loop} loop
 * @param {number} times
 */
async function duration(loop, times) {
  const startedAt = process.hrtime.bigint();
  await loop(times);
  return Number(process.hrtime.bigint() - startedAt);
}
