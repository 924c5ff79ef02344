// @ts-check
// One process of a fleet. It reads one secret and records when it received its current version.
import { readTask, serve } from '../support/processes.mjs';
import { createClient } from './clients.mjs';
import { PacedReads } from './paced-reads.mjs';

/** @typedef {{ versionId: string; since: number }} CurrentVersion `since`: milliseconds since the epoch, with fractions */

/** @type {import('./clients.mjs').ClientTask} */
const task = readTask();
const [name = ''] = task.names;
const client = createClient(task);
/** @type {CurrentVersion | undefined} */
let current;
/** @type {PacedReads | undefined} */
let reads;
const setCurrent = (/** @type {string} */ versionId) => {
  current = { versionId, since: performance.timeOrigin + performance.now() };
};
client.on('rotated', ({ secret }) => setCurrent(secret.versionId));

serve(
  'ready',
  ({ command, ...details }) => commands[/** @type {keyof typeof commands} */ (command)](details),
  () => client.close(),
);

const commands = {
  async read() {
    setCurrent((await client.get(name)).versionId);
  },

  async refresh() {
    await client.refresh(name);
  },

  currentVersion() {
    return current;
  },

  storeFailures() {
    return client.stats().storeFailures;
  },

  /** @param {{ rate: number }} details */
  startReads({ rate }) {
    reads = new PacedReads({ client, names: [name], rate });
  },

  async stopReads() {
    await reads?.stop();
    return reads?.counts;
  },
};
