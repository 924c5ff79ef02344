// @ts-check
// A service that gets ready with its secrets, and is then asked what it has.
import { setTimeout as sleep } from 'node:timers/promises';
import { clientFor } from '../load/clients.mjs';
import { answer, given } from '../support/processes.mjs';

/** @type {import('../load/clients.mjs').ClientTask} */
const task = given();
const client = clientFor(task);
/** @type {string[]} */
const toldStale = [];
client.on('stale', ({ name }) => toldStale.push(name));

answer(
  'started',
  (question) => deeds[/** @type {keyof typeof deeds} */ (question)](),
  () => client.close(),
);

const deeds = {
  ready: () => client.ready(),

  async read() {
    const secrets = Object.entries(await client.getMany(task.names));
    return {
      versions: secrets.map(([, { versionId }]) => versionId),
      stale: secrets.filter(([, secret]) => secret.stale).map(([name]) => name),
      // Compared here: a value leaves no process.
      wrong: secrets.filter(([name, secret]) => secret.text() !== `s3cret-${name}`).map(([name]) => name),
      toldStale: toldStale.toSorted(),
    };
  },

  /** Until the stores have been told everything. */
  async written() {
    while (client.describe().stores.some(({ queued }) => queued > 0)) await sleep(5);
  },
};
