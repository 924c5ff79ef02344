// @ts-check
import { compare, median } from '../measure.mjs';
import { run } from '../../support/processes.mjs';
import { row } from '../report.mjs';

const reads = new URL('reads.mjs', import.meta.url);

/**
 * How much faster we must be, each told by what a user would call instead; the Java way has no promise, so neither has ours.
 * Up to 100 secrets: of 10,000 every cache waits for the machine's memory, and those rows are there to be read.
 */
const rivals = /** @type {const} */ ([
  ['aws-secrets-manager-cache', 'get', 1.8],
  ['Powertools', 'get', 4],
  ['async-cache-dedupe', 'get', 7],
  ['cacheable', 'get', 50],
  ['bentocache', 'get', 75],
  ['Java, JSON', 'peek', 25],
  ['Java, password', 'peek', 100],
]);

/** What `peek` may cost over the bare look-up: the more secrets, the more of it is waiting for memory. */
const peekTargets = new Map([
  [100, { atMost: 1.25 }],
  [10_000, { atMost: 1.75 }],
]);

/** @type {import('../bench.mjs').Group} */
export async function hit({ isQuick, say }) {
  const rows = [];
  for (const count of [1, 100, 10_000, 100_000]) {
    say(`reads of ${count} fresh secrets`);
    const size = isQuick ? { rounds: 5, ms: 2 } : { rounds: 31, ms: 12 };
    const samples = await run(
      reads,
      { count, what: 'time', withPeers: count < 100_000, ...size },
      { flags: ['--expose-gc'] },
    );
    rows.push(...timeRows(samples, count));
  }
  say('bytes allocated by a read');
  const flags = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];
  const bytes = await run(reads, { count: 100, what: 'bytes', withPeers: false, rounds: isQuick ? 3 : 9 }, { flags });
  const inBytes = (/** @type {string} */ name) => Math.max(median(bytes[name]), 0);
  rows.push(
    row('peek() beside Map.get: bytes allocated', { ours: inBytes('peek'), reference: inBytes('map') }, { within: 16 }),
  );
  rows.push(
    row(
      'await get() beside an async function: bytes',
      { ours: inBytes('get'), reference: inBytes('asyncFunction') },
      { within: 280 },
    ),
  );
  return rows;
}

/**
 * @param {Record<string, number[]>} samples
 * @param {number} count
 */
function timeRows(samples, count) {
  const at = `${count.toLocaleString('en-US')} ${count === 1 ? 'name' : 'names'}, ns`;
  const own = [
    row(`peek() beside Map.get, ${at}`, compare(samples, 'peek', 'map'), peekTargets.get(count)),
    row(`await get() beside an async function, ${at}`, compare(samples, 'get', 'asyncFunction'), { atMost: 1.15 }),
    row(`json() of a secret in hand beside peek(), ${at}`, compare(samples, 'json', 'peek'), { atMost: 1.2 }),
    row(`peek().json() beside peek(), ${at}`, compare(samples, 'peekJson', 'peek')),
  ];
  // Of 100,000 only we are asked: to fill some of the others takes minutes.
  if (samples['lru-cache'] === undefined) return own;
  return [
    ...own,
    row(`peek() beside lru-cache's get, ${at}`, compare(samples, 'peek', 'lru-cache')),
    ...rivals.map(([peer, ours, timesFaster]) =>
      row(`${ours}() beside ${peer}, ${at}`, compare(samples, ours, peer), count > 100 ? undefined : { timesFaster }),
    ),
  ];
}
