// @ts-check

/** @typedef {import('./soak.mjs').Soak} Soak */

const mebibyte = 1_048_576;
/** What a collection leaves differs by so much from one to the next, without anything being lost. */
const heapNoise = 3 * mebibyte;

/**
 * @param {Soak} soak
 * @returns {readonly import('../faults.mjs').Verdict[]}
 */
export function verdictsOn(soak) {
  const { ending, outdated } = soak;
  const { counts } = ending.last;
  const { perMinute, grown } = heapGrowth(soak);
  const { resourcesBefore: before, resourcesAfter: after, freshWithin } = ending;
  return [
    {
      says: `${counts.failed} of ${counts.reads.toLocaleString('en-US')} reads failed ${JSON.stringify(counts.codes)}`,
      holds: counts.failed === 0 && counts.reads > 0,
    },
    {
      says: `all fresh ${freshWithin?.toFixed(0) ?? 'never'} ms after the end, ${outdated.length} of them outdated`,
      holds: freshWithin !== undefined && outdated.length === 0,
    },
    {
      says: `the heap that is kept grows by ${(perMinute / 1_024).toFixed(1)} KiB a minute, ${(grown / mebibyte).toFixed(2)} MiB in all`,
      holds: grown < heapNoise,
    },
    {
      says: `handles before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`,
      holds: JSON.stringify(before) === JSON.stringify(after),
    },
  ];
}

/**
 * The least that was kept in the second half, beside the least in the first: what is kept while reads wait comes and goes. Before
 * that there is a fifth of warm-up, in which code is compiled and sockets are opened.
 * @param {Soak} soak
 */
function heapGrowth({ seconds, samples, ending }) {
  const least = (/** @type {number} */ from, /** @type {number} */ to) =>
    Math.min(...samples.filter(({ at }) => at >= from && at < to).map(({ heapKept = Infinity }) => heapKept));
  const [warm, half] = [seconds * 0.2, seconds * 0.6];
  const grown = Math.min(least(half, seconds), ending.last.heapKept ?? Infinity) - least(warm, half);
  return { grown, perMinute: (grown / (half - warm)) * 60 };
}
