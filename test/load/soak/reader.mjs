// @ts-check
// The service of a soak: it reads without pause, and tells how it is whenever it is asked. Started with --expose-gc.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { answer, given } from '../../support/processes.mjs';
import { clientFor, readAll, untilFresh } from '../clients.mjs';
import { PacedReads } from '../paced-reads.mjs';

/**
 * @typedef {object} Sample
 * @property {number} rss bytes
 * @property {number} heapUsed bytes, garbage included
 * @property {number} [heapKept] bytes that a collection left
 * @property {Resources} resources
 * @property {{ p99: number; max: number }} delay of the event loop since the last sample, in milliseconds
 * @property {import('../paced-reads.mjs').ReadCounts} counts since the start, of the names that are never refused
 * @property {import('../paced-reads.mjs').ReadCounts} refusable the same of the others
 */
/** @typedef {Readonly<Record<string, number>>} Resources what keeps the process busy, by its kind */
/** @typedef {Awaited<ReturnType<typeof begin>>} Running */
/**
 * @typedef {object} Ending
 * @property {number | undefined} freshWithin milliseconds until everything was fresh after the last trouble
 * @property {Readonly<Record<string, string>>} versions by name, as the client held them then
 * @property {Resources} resourcesBefore the client was made
 * @property {Resources} resourcesAfter it was closed
 * @property {Sample} last
 */

const { task, refusable: refusableNames, rate } = given();
/** @type {Running | undefined} */
let running;

answer('ready', async (question) => {
  if (question === 'begin') {
    running = await begin();
    return undefined;
  }
  if (running === undefined) throw new Error('It has not begun.');
  return question === 'end' ? end(running) : sample(running, { isCollecting: question === 'collect' });
});

/** Only now, so that the way on which it is asked counts among the handles before. */
async function begin() {
  // A socket that is destroyed compares itself with `process.stderr`, which opens that one: it is open from the start, then.
  process.stderr.on('error', () => {});
  const resourcesBefore = resources();
  const client = clientFor(task);
  await readAll(client, [...task.names, ...refusableNames]);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  return {
    resourcesBefore,
    client,
    delay,
    reads: new PacedReads({ client, names: task.names, rate }),
    refusable: new PacedReads({ client, names: refusableNames, rate: rate / 10 }),
  };
}

/**
 * @param {Pick<Running, 'reads' | 'refusable' | 'delay'>} parts
 * @param {{ isCollecting: boolean }} how
 * @returns {Sample}
 */
function sample({ reads, refusable, delay }, { isCollecting }) {
  const { rss, heapUsed } = process.memoryUsage();
  // The histogram counts its own interval of 1 ms as delay.
  const late = (/** @type {number} */ nanoseconds) => Math.max(0, nanoseconds / 1e6 - 1);
  const delays = { p99: late(delay.percentile(99)), max: late(delay.max) };
  if (isCollecting) globalThis.gc?.();
  const heapKept = isCollecting ? process.memoryUsage().heapUsed : undefined;
  delay.reset(); // after the collection: that pause is of our making
  return {
    rss,
    heapUsed,
    ...(heapKept !== undefined && { heapKept }),
    resources: resources(),
    delay: delays,
    counts: reads.counts,
    refusable: refusable.counts,
  };
}

/**
 * @param {Running} running
 * @returns {Promise<Ending>}
 */
async function end({ resourcesBefore, client, reads, refusable, delay }) {
  const freshWithin = await untilFresh(client, 60_000);
  const versions = Object.fromEntries(client.describe().secrets.map(({ name, versionId }) => [name, versionId]));
  await Promise.all([reads.stop(), refusable.stop()]);
  const last = sample({ reads, refusable, delay }, { isCollecting: true });
  delay.disable();
  await client.close();
  // A socket that is destroyed is gone a turn or two later.
  for (let turns = 0; turns < 100 && !isSame(resources(), resourcesBefore); turns += 1) await sleep(20);
  return { freshWithin, versions, resourcesBefore, resourcesAfter: resources(), last };
}

/** @returns {Resources} */
function resources() {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const kind of process.getActiveResourcesInfo().toSorted()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return Object.fromEntries(counts);
}

/**
 * @param {Resources} one
 * @param {Resources} other
 */
function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
