// @ts-check
// A process of one release. It reads its secrets and reports on request what it has.
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '../load/clients.mjs';
import { PacedReads } from '../load/paced-reads.mjs';
import { readTask, serve } from '../support/processes.mjs';
import { importRelease } from '../support/releases.mjs';

/** @type {import('../load/clients.mjs').ClientTask & { release: string }} `release` is a folder, see `releases.mjs` */
const task = readTask();
const client = createClient(task, await importRelease(task.release));
/** @type {PacedReads | undefined} */
let reads;

serve(
  'started',
  ({ command, names }) => commands[/** @type {keyof typeof commands} */ (command)](names),
  () => client.close(),
);

const commands = {
  ready: () => client.ready(),

  /** For each name, the version or the code of the error. @param {readonly string[]} names */
  read: (names) => versionsOf(names, (name) => client.get(name)),

  /** Same as `read`, always from KMS. @param {readonly string[]} names */
  refresh: (names) => versionsOf(names, (name) => client.refresh(name).then(() => client.get(name))),

  /** Waits until the stores have no pending changes. */
  async settled() {
    while (client.describe().stores.some(({ queued }) => queued > 0)) await sleep(5);
  },

  /** @param {readonly string[]} names */
  async startReads(names) {
    reads = new PacedReads({ client, names, rate: 100 });
  },

  async stopReads() {
    await reads?.stop();
    return reads?.counts;
  },
};

/**
 * @param {readonly string[]} names
 * @param {(name: string) => Promise<import('@kms-secrets/core').Secret>} read
 * @returns {Promise<string[]>}
 */
function versionsOf(names, read) {
  const versionOrCode = (/** @type {string} */ name) =>
    read(name).then(
      ({ versionId }) => versionId,
      (/** @type {{ code: string }} */ { code }) => code,
    );
  return Promise.all(names.map(versionOrCode));
}
