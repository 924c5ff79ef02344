// @ts-check
// A service that reads its secrets at startup and reports on request what it has.
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '../load/clients.mjs';
import { readTask, serve } from '../support/processes.mjs';

/** @type {import('../load/clients.mjs').ClientTask} */
const task = readTask();
const client = createClient(task);
/** @type {string[]} */
const staleEvents = [];
client.on('stale', ({ name }) => staleEvents.push(name));

serve(
  'started',
  (command) => commands[/** @type {keyof typeof commands} */ (command)](),
  () => client.close(),
);

const commands = {
  ready: () => client.ready(),

  async read() {
    const secrets = Object.entries(await client.getMany(task.names));
    return {
      versions: secrets.map(([, { versionId }]) => versionId),
      stale: secrets.filter(([, secret]) => secret.stale).map(([name]) => name),
      // Compared here, because no secret value is sent to another process.
      wrong: secrets.filter(([name, secret]) => secret.text() !== `s3cret-${name}`).map(([name]) => name),
      staleEvents: staleEvents.toSorted(),
    };
  },

  /** Waits until the stores have no pending writes. */
  async untilWritten() {
    while (client.describe().stores.some(({ queued }) => queued > 0)) await sleep(5);
  },
};
