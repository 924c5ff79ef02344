// @ts-check
// The service of a soak: reads continuously and takes a sample on request. Started with --expose-gc.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { readTask, serve } from '../../support/processes.mjs';
import { createClient, readAll, untilFresh } from '../clients.mjs';
import { PacedReads } from '../paced-reads.mjs';

/**
 * @typedef {object} Sample
 * @property {number} rss bytes
 * @property {number} heapUsed bytes, garbage included
 * @property {number} [heapAfterGc] bytes in use after a collection
 * @property {Resources} resources
 * @property {{ p99: number; max: number }} delay of the event loop since the last sample, in milliseconds
 * @property {import('../paced-reads.mjs').ReadCounts} counts since the start, of the secrets that are never refused
 * @property {import('../paced-reads.mjs').ReadCounts} refusable the same for the secrets that are refused now and then
 */
/** @typedef {Readonly<Record<string, number>>} Resources handles that keep the process alive, counted by kind */
/** @typedef {Awaited<ReturnType<typeof startReads>>} Running */
/**
 * @typedef {object} FinalState
 * @property {number | undefined} recoveredAfter milliseconds until every secret was fresh after the last incident
 * @property {Readonly<Record<string, string | undefined>>} versions the cached versions by name, after the recovery
 * @property {Resources} resourcesBefore before the client was created
 * @property {Resources} resourcesAfter after the client was closed
 * @property {Sample} lastSample
 */

const { task, refusable: refusableNames, rate } = readTask();
/** @type {Running | undefined} */
let running;

serve('ready', async (command) => {
  if (command === 'start') {
    running = await startReads();
    return undefined;
  }
  if (running === undefined) throw new Error('The reads have not been started.');
  return command === 'end' ? end(running) : sample(running, { collect: command === 'sampleAfterGc' });
});

/** Runs on request, so that the channel to the parent process is among the handles counted before. */
async function startReads() {
  // Destroying a socket accesses `process.stderr`, which opens it. Open it now, so that it is among the handles counted before.
  process.stderr.on('error', () => {});
  const resourcesBefore = resources();
  const client = createClient(task);
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
 * @param {Pick<Running, 'reads' | 'refusable' | 'delay'>} running
 * @param {{ collect: boolean }} options
 * @returns {Sample}
 */
function sample({ reads, refusable, delay }, { collect }) {
  const { rss, heapUsed } = process.memoryUsage();
  // The histogram includes its own sampling interval of 1 ms.
  const toDelay = (/** @type {number} */ nanoseconds) => Math.max(0, nanoseconds / 1e6 - 1);
  const delays = { p99: toDelay(delay.percentile(99)), max: toDelay(delay.max) };
  if (collect) globalThis.gc?.();
  const heapAfterGc = collect ? process.memoryUsage().heapUsed : undefined;
  delay.reset(); // after the collection: the pause is caused by this test
  return {
    rss,
    heapUsed,
    ...(heapAfterGc !== undefined && { heapAfterGc }),
    resources: resources(),
    delay: delays,
    counts: reads.counts,
    refusable: refusable.counts,
  };
}

/**
 * @param {Running} running
 * @returns {Promise<FinalState>}
 */
async function end({ resourcesBefore, client, reads, refusable, delay }) {
  const recoveredAfter = await untilFresh(client, 60_000);
  const versions = Object.fromEntries(client.describe().secrets.map(({ name, versionId }) => [name, versionId]));
  await Promise.all([reads.stop(), refusable.stop()]);
  const lastSample = sample({ reads, refusable, delay }, { collect: true });
  delay.disable();
  await client.close();
  // The handle of a destroyed socket is released asynchronously.
  for (let tries = 0; tries < 100 && !isSame(resources(), resourcesBefore); tries += 1) await sleep(20);
  return { recoveredAfter, versions, resourcesBefore, resourcesAfter: resources(), lastSample };
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
