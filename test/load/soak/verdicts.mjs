// @ts-check

/** @typedef {import('./soak.mjs').Soak} Soak */

const mebibyte = 1_048_576;
/** What a collection leaves differs by so much from one to the next, without anything being lost. */
const heapNoise = 3 * mebibyte;

/**
 * @param {Soak} soak
 * @returns {readonly import('../faults.mjs').Verdict[]}
 */
export function verdictsOn({ samples, ending, outdated }) {
  const { counts } = ending.last;
  const { perMinute, grown } = heapGrowth(samples);
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
 * The line of least squares through what the collections left. The first fifth is warm-up: code is compiled, sockets are opened.
 * @param {Soak['samples']} samples
 */
function heapGrowth(samples) {
  const warm = samples.slice(Math.ceil(samples.length / 5));
  const points = warm.flatMap(({ at, heapKept }) => (heapKept === undefined ? [] : [{ at, heapKept }]));
  const meanAt = mean(points.map(({ at }) => at));
  const meanKept = mean(points.map(({ heapKept }) => heapKept));
  const covariance = sum(points.map(({ at, heapKept }) => (at - meanAt) * (heapKept - meanKept)));
  const variance = sum(points.map(({ at }) => (at - meanAt) ** 2));
  const perSecond = variance === 0 ? 0 : covariance / variance;
  const lasted = (points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0);
  return { perMinute: perSecond * 60, grown: perSecond * lasted };
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

/** @param {readonly number[]} numbers */
function mean(numbers) {
  return sum(numbers) / numbers.length;
}
