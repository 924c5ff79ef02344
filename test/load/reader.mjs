// @ts-check
// A service's process: clients that are read at a steady pace. Several loads fit into one, each with a client of its own.
import { answer } from '../support/processes.mjs';
import { clientFor, readAll, readOnce, untilFresh } from './clients.mjs';
import { PacedReads } from './paced-reads.mjs';

/** @typedef {import('./clients.mjs').ClientTask} ClientTask */
/** @typedef {import('@kms-secrets/core').SecretClient} SecretClient */
/** @typedef {import('./paced-reads.mjs').ReadCounts & { latency: { p50: number; p99: number; max: number } }} LoadFigures */

/** @type {Map<string, { client: SecretClient; reads: PacedReads }>} */
const loads = new Map();

answer('ready', ({ id, does, ...details }) => deeds[/** @type {keyof typeof deeds} */ (does)](id, details));

const deeds = {
  /**
   * Every name is read until it is in memory, then all of them in turn.
   * @param {string} id
   * @param {{ task: ClientTask; rate: number }} details
   */
  async begin(id, { task, rate }) {
    const client = clientFor(task);
    await readAll(client, task.names);
    loads.set(id, { client, reads: new PacedReads({ client, names: task.names, rate }) });
  },

  /** What was read until now does not count. @param {string} id */
  startCounting(id) {
    loadOf(id).reads.startCounting();
  },

  /**
   * @param {string} id
   * @returns {LoadFigures}
   */
  figures(id) {
    const { reads } = loadOf(id);
    return { ...reads.counts, latency: reads.latency };
  },

  /**
   * No more reads; those under way are waited for, and count.
   * @param {string} id
   */
  async stop(id) {
    await loadOf(id).reads.stop();
    return deeds.figures(id);
  },

  /**
   * @param {string} id
   * @param {{ within: number }} details
   */
  untilFresh(id, { within }) {
    return untilFresh(loadOf(id).client, within);
  },

  /** @param {string} id */
  async end(id) {
    const { client, reads } = loadOf(id);
    await reads.stop();
    await client.close();
    loads.delete(id);
  },

  /**
   * What a process that starts now gets: a client like that of the load, with the same stores, and nothing in memory.
   * @param {string} _
   * @param {{ task: ClientTask }} details
   */
  async restart(_, { task }) {
    const client = clientFor(task);
    const start = await readOnce(client, task.names);
    await client.close();
    return start;
  },
};

/** @param {string} id */
function loadOf(id) {
  const load = loads.get(id);
  if (load === undefined) throw new Error(`There is no load ${id}.`);
  return load;
}
