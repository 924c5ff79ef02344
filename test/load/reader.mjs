// @ts-check
// The process of a service: clients from which secrets are read at a steady rate. It can run several loads, each with its own client.
import { serve } from '../support/processes.mjs';
import { createClient, readAll, readOnce, untilFresh } from './clients.mjs';
import { PacedReads } from './paced-reads.mjs';

/** @typedef {import('./clients.mjs').ClientTask} ClientTask */
/** @typedef {import('@kms-secrets/core').SecretClient} SecretClient */
/** @typedef {import('./paced-reads.mjs').ReadCounts & { latency: { p50: number; p99: number; max: number } }} LoadFigures */

/** @type {Map<string, { client: SecretClient; reads: PacedReads }>} */
const loads = new Map();

serve('ready', ({ id, command, ...details }) => commands[/** @type {keyof typeof commands} */ (command)](id, details));

const commands = {
  /**
   * Creates a client, loads every secret into memory, and starts the reads.
   * @param {string} id
   * @param {{ task: ClientTask; rate: number }} details
   */
  async open(id, { task, rate }) {
    const client = createClient(task);
    await readAll(client, task.names);
    loads.set(id, { client, reads: new PacedReads({ client, names: task.names, rate }) });
  },

  /** @param {string} id */
  resetCounts(id) {
    loadOf(id).reads.resetCounts();
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
   * Starts no more reads and waits for those in flight, which count.
   * @param {string} id
   */
  async stopReads(id) {
    await loadOf(id).reads.stop();
    return commands.figures(id);
  },

  /**
   * @param {string} id
   * @param {{ timeout: number }} details
   */
  untilFresh(id, { timeout }) {
    return untilFresh(loadOf(id).client, timeout);
  },

  /** @param {string} id */
  async close(id) {
    const { client, reads } = loadOf(id);
    await reads.stop();
    await client.close();
    loads.delete(id);
  },

  /**
   * Reads each secret once with a new client: the same stores, but nothing in memory, as in a process that starts now.
   * @param {string} _
   * @param {{ task: ClientTask }} details
   */
  async coldStart(_, { task }) {
    const client = createClient(task);
    const result = await readOnce(client, task.names);
    await client.close();
    return result;
  },
};

/** @param {string} id */
function loadOf(id) {
  const load = loads.get(id);
  if (load === undefined) throw new Error(`There is no load ${id}.`);
  return load;
}
