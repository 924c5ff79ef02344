// @ts-check
// One process of a fleet: it holds one secret, and knows since when it holds which version of it.
import { answer, given } from '../support/processes.mjs';
import { clientFor } from './clients.mjs';
import { PacedReads } from './paced-reads.mjs';

/** @typedef {{ versionId: string; since: number }} Held `since` in milliseconds of the calendar, to a fraction */

/** @type {import('./clients.mjs').ClientTask} */
const task = given();
const [name = ''] = task.names;
const client = clientFor(task);
/** @type {Held | undefined} */
let held;
/** @type {PacedReads | undefined} */
let reads;
const hold = (/** @type {string} */ versionId) => {
  held = { versionId, since: performance.timeOrigin + performance.now() };
};
client.on('rotated', ({ secret }) => hold(secret.versionId));

answer(
  'ready',
  ({ does, ...details }) => deeds[/** @type {keyof typeof deeds} */ (does)](details),
  () => client.close(),
);

const deeds = {
  async read() {
    hold((await client.get(name)).versionId);
  },

  async refresh() {
    await client.refresh(name);
  },

  which() {
    return held;
  },

  storeFailures() {
    return client.stats().storeFailures;
  },

  /** Reads without pause from now on. @param {{ rate: number }} details */
  begin({ rate }) {
    reads = new PacedReads({ client, names: [name], rate });
  },

  async stop() {
    await reads?.stop();
    return reads?.counts;
  },
};
