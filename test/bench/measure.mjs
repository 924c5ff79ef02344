// @ts-check
// Machines are noisy, so figures are compared within one run alone: in rounds, one contender after the other, so that what
// the machine does meanwhile falls on all; by medians, so that one pause falls on none.

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
 * What each contender's `run` returns, round by round. Each round begins with another one: else the same contender would
 * always clean up after the same neighbour.
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
 * Nanoseconds an operation takes, round by round. Finding out how many of them fill `ms` is also the warm-up.
 * @param {Readonly<Record<string, Loop>>} loops
 * @param {{ rounds: number; ms: number }} size
 */
export async function timeInRounds(loops, { rounds, ms }) {
  /** @type {Map<string, number>} */
  const times = new Map();
  for (const [name, loop] of Object.entries(loops)) {
    let count = 64;
    while ((await timed(loop, count)) < ms * 1e6) count *= 2;
    times.set(name, count);
  }
  return inRounds(loops, rounds, async (loop, name) => {
    globalThis.gc?.({ type: 'minor' });
    const count = times.get(name) ?? 1;
    return (await timed(loop, count)) / count;
  });
}

/**
 * The ratio is the median of the rounds' own ratios, not the ratio of the medians: both halves of a round saw the same machine.
 * @param {Record<string, readonly number[]>} samples
 * @param {string} ours
 * @param {string} reference
 * @returns {Comparison}
 */
export function compare(samples, ours, reference) {
  const [mine = [], theirs = []] = [samples[ours], samples[reference]];
  const ratio = median(mine.map((value, round) => value / (theirs[round] ?? Number.NaN)));
  return { ours: median(mine), reference: median(theirs), ratio };
}

/**
 * @param {Loop} loop
 * @param {number} times
 */
async function timed(loop, times) {
  const begun = process.hrtime.bigint();
  await loop(times);
  return Number(process.hrtime.bigint() - begun);
}
