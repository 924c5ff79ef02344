// @ts-check
import { compare, median } from '../measure.mjs';
import { run } from '../../support/processes.mjs';
import { row } from '../report.mjs';

const reads = new URL('reads.mjs', import.meta.url);

/**
 * The maximum of our time / the time of each peer, with the method of ours that corresponds: the Java client is synchronous, so it
 * is compared with `peek`. The targets apply up to 100 secrets: with 10,000 every cache waits for the memory of the machine.
 * The others are for information.
 * @type {readonly (readonly [peer: string, ours: 'get' | 'peek', atMost?: number])[]}
 */
const comparedPeers = [
  ['aws-secrets-manager-cache', 'get', 0.55],
  ['Powertools', 'get', 0.25],
  ['async-cache-dedupe', 'get', 0.14],
  ['cacheable', 'get', 0.02],
  ['getOrSet() of cacheable', 'get'],
  ['bentocache', 'get', 0.013],
  ['memoize', 'get'],
  ['fetch() of lru-cache', 'get'],
  ['p-memoize', 'get'],
  ['keyv', 'get'],
  ['cachified', 'get'],
  ['Java, JSON', 'peek', 0.04],
  ['Java, password', 'peek', 0.01],
];

/** The cost of `peek` relative to the simplest cache with a TTL: a map of values and their ends. */
const peekTarget = { atMost: 1.15 };

/** @type {import('../bench.mjs').Group} */
export async function hit({ isQuick, log }) {
  const rows = [];
  for (const count of [1, 100, 10_000, 100_000]) {
    log(`reads of ${count} fresh secrets`);
    const size = isQuick ? { rounds: 5, ms: 2 } : { rounds: 31, ms: 12 };
    const measure = (/** @type {boolean} */ withPeers) =>
      run(reads, { count, unit: 'ns', withPeers, ...size }, { flags: ['--expose-gc'] });
    // In a process of their own: the heap and the garbage of the peers would affect the rows without them.
    rows.push(...ownRows(await measure(false), count));
    // With 100,000 secrets no peer is measured: filling some of them takes minutes.
    if (count < 100_000) rows.push(...peerRows(await measure(true), count));
  }
  log('bytes allocated by a read');
  const flags = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];
  const bytes = await run(reads, { count: 100, unit: 'bytes', withPeers: false, rounds: isQuick ? 3 : 9 }, { flags });
  const medianBytes = (/** @type {string} */ name) => Math.max(median(bytes[name]), 0);
  rows.push(
    row(
      'peek() vs Map.get, bytes allocated',
      { ours: medianBytes('peek'), reference: medianBytes('map') },
      { within: 16 },
    ),
  );
  rows.push(
    row(
      'await get() vs an async function, bytes allocated',
      { ours: medianBytes('get'), reference: medianBytes('asyncFunction') },
      { within: 280 },
    ),
  );
  return rows;
}

/**
 * @param {Record<string, number[]>} samples
 * @param {number} count
 */
function ownRows(samples, count) {
  const suffix = suffixOf(count);
  return [
    row(
      `peek() vs a Map of { value, until }, ${suffix}`,
      compare(samples, 'peek', 'expiringMap'),
      count === 1 ? undefined : peekTarget,
    ),
    row(`peek() vs Map.get, ${suffix}`, compare(samples, 'peek', 'map')),
    row(`await get() vs an async function, ${suffix}`, compare(samples, 'get', 'asyncFunction'), { atMost: 1.15 }),
    row(`secret.json() vs peek(), ${suffix}`, compare(samples, 'json', 'peek'), { atMost: 1.2 }),
    row(`peek().json() vs peek(), ${suffix}`, compare(samples, 'peekJson', 'peek')),
  ];
}

/**
 * @param {Record<string, number[]>} samples
 * @param {number} count
 */
function peerRows(samples, count) {
  const suffix = suffixOf(count);
  return [
    row(`peek() vs get() of lru-cache, ${suffix}`, compare(samples, 'peek', 'lru-cache')),
    ...comparedPeers.map(([peer, ours, atMost]) => {
      const target = count > 100 || atMost === undefined ? undefined : { atMost };
      return row(`${ours}() vs ${peer}, ${suffix}`, compare(samples, ours, peer), target);
    }),
  ];
}

/** @param {number} count */
function suffixOf(count) {
  return `${count.toLocaleString('en-US')} ${count === 1 ? 'name' : 'names'}, ns`;
}
