// @ts-check
import { compare, inRounds, median } from '../measure.mjs';
import { row } from '../report.mjs';
import { run } from '../../support/processes.mjs';

const secrets = new URL('secrets.mjs', import.meta.url);
const inFlight = new URL('in-flight.mjs', import.meta.url);
const endpoints = new URL('endpoints.mjs', import.meta.url);
const uptime = new URL('uptime.mjs', import.meta.url);

/** What is measured in each process, and the maximum exponent of its growth. A look-up by key grows slowly: the memory of the machine does. */
const series = [
  {
    script: secrets,
    label: 'cached secrets',
    sizes: [1, 1_000, 100_000, 1_000_000],
    quickSizes: [1, 1_000],
    within: 0.15,
  },
  { script: inFlight, label: 'denied reads in flight', sizes: [1, 100, 9_000], quickSizes: [1, 100], within: 0.15 },
  { script: endpoints, label: 'endpoints', sizes: [1, 4, 16, 64], quickSizes: [1, 4] },
];

/** @type {import('../bench.mjs').Group} */
export async function growth({ isQuick, log }) {
  const rows = [];
  for (const { script, label, sizes, quickSizes, within } of series) {
    /** @type {Map<string, { size: number; cost: number }[]>} */
    const costs = new Map();
    for (const size of isQuick ? quickSizes : sizes) {
      log(`${size.toLocaleString('en-US')} ${label}`);
      const flags = ['--expose-gc', '--max-old-space-size=8192'];
      /** @type {Record<string, number[]>} */
      const samples = await run(script, { size, rounds: isQuick ? 3 : 15 }, { flags, timeout: 600_000 });
      for (const [name, values] of Object.entries(samples)) {
        costs.set(name, [...(costs.get(name) ?? []), { size, cost: median(values) }]);
      }
    }
    for (const [name, points] of costs) rows.push(...growthRows(name, { label, points, within }));
  }
  rows.push(...(await uptimeRows({ isQuick, log })));
  return rows;
}

/**
 * The cost at the largest size compared with the smallest, and the exponent: 0 is flat, 1 is linear.
 * @param {string} name
 * @param {{ label: string; points: readonly { size: number; cost: number }[]; within: number | undefined }} series
 */
function growthRows(name, { label, points, within }) {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || first === last) return [];
  const [small, large] = [first.size, last.size].map((size) => size.toLocaleString('en-US'));
  return [
    row(`${name}, ${large} vs ${small} ${label}`, { ours: last.cost, reference: first.cost }),
    row(
      `${name}, exponent of growth from ${small} to ${large} ${label}`,
      { ours: exponent(points) },
      within === undefined ? undefined : { within },
    ),
  ];
}

/**
 * The slope of the least squares line through the logarithms.
 * @param {readonly { size: number; cost: number }[]} points
 */
function exponent(points) {
  const logs = points.map(({ size, cost }) => [Math.log(size), Math.log(cost)]);
  const mean = (/** @type {number} */ axis) => logs.reduce((sum, point) => sum + (point[axis] ?? 0), 0) / logs.length;
  const [meanSize, meanCost] = [mean(0), mean(1)];
  let covariance = 0;
  let variance = 0;
  for (const [size = 0, cost = 0] of logs) {
    covariance += (size - meanSize) * (cost - meanCost);
    variance += (size - meanSize) ** 2;
  }
  return covariance / variance;
}

/**
 * Reads after 25 days and after a year of uptime, compared with a process that has just started. The time of a read differs from process
 * to process by more than the target, so several processes of each age take turns.
 * @type {import('../bench.mjs').Group}
 */
async function uptimeRows({ isQuick, log }) {
  const ages = { start: 0, 25: 25, 365: 365 };
  const flags = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];
  const rows = [];
  for (const count of isQuick ? [100] : [100, 100_000]) {
    log(`${count.toLocaleString('en-US')} fresh secrets after 0, 25 and 365 days of uptime`);
    /** @type {Record<string, number>} */
    const bytesOf = {};
    const samples = await inRounds(ages, isQuick ? 1 : 7, async (days, age) => {
      const { ns, bytes } = await run(uptime, { count, days, rounds: isQuick ? 3 : 31 }, { flags });
      bytesOf[age] = bytes;
      return median(ns);
    });
    for (const age of ['25', '365']) {
      const label = `peek() after ${age} days of uptime vs at the start, ${count.toLocaleString('en-US')} names`;
      const bytes = { ours: bytesOf[age] ?? Number.NaN, reference: bytesOf['start'] ?? Number.NaN };
      rows.push(row(`${label}, ns`, compare(samples, age, 'start'), { atMost: 1.15 }));
      rows.push(row(`${label}, bytes allocated`, bytes, { within: 4 }));
    }
  }
  return rows;
}
