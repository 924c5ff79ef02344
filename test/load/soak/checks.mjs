// @ts-check

/** @typedef {import('./soak.mjs').Soak} Soak */

const mebibyte = 1_048_576;
/** The heap after a collection varies by this much without a leak. */
const heapTolerance = 3 * mebibyte;

/**
 * @param {Soak} soak
 * @returns {readonly import('../faults.mjs').Check[]}
 */
export function checksOf(soak) {
  const { finalState, outdated } = soak;
  const { counts } = finalState.lastSample;
  const { perMinute, growth } = heapGrowth(soak);
  const { resourcesBefore: before, resourcesAfter: after, recoveredAfter } = finalState;
  return [
    {
      text: `${counts.failed} of ${counts.reads.toLocaleString('en-US')} reads failed ${JSON.stringify(counts.codes)}`,
      passed: counts.failed === 0 && counts.reads > 0,
    },
    {
      text: `every secret fresh ${recoveredAfter?.toFixed(0) ?? 'never'} ms after the end; ${outdated.length} not the newest version`,
      passed: recoveredAfter !== undefined && outdated.length === 0,
    },
    {
      text: `heap after a collection grew by ${(growth / mebibyte).toFixed(2)} MiB (${(perMinute / 1_024).toFixed(1)} KiB a minute)`,
      passed: growth < heapTolerance,
    },
    {
      text: `handles before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`,
      passed: JSON.stringify(before) === JSON.stringify(after),
    },
  ];
}

/**
 * Compares the smallest heap after a collection in the second half with the smallest in the first half: the minimum excludes what
 * waiting reads hold. The first fifth is warm-up, in which code is compiled and sockets are opened.
 * @param {Soak} soak
 */
function heapGrowth({ seconds, samples, finalState }) {
  const smallest = (/** @type {number} */ from, /** @type {number} */ to) =>
    Math.min(...samples.filter(({ at }) => at >= from && at < to).map(({ heapAfterGc = Infinity }) => heapAfterGc));
  const warmUpEnd = seconds * 0.2;
  const middle = seconds * 0.6;
  const last = Math.min(smallest(middle, seconds), finalState.lastSample.heapAfterGc ?? Infinity);
  const growth = last - smallest(warmUpEnd, middle);
  return { growth, perMinute: (growth / (middle - warmUpEnd)) * 60 };
}
