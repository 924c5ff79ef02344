// @ts-check
// One process of a fleet that starts on a shared quota. It preloads its secrets when it is requested to, and reports the result.
import { readTask, serve } from '../support/processes.mjs';
import { createClient } from './clients.mjs';

/** @typedef {{ readyAt: number | undefined; error: string | undefined }} StartResult `readyAt`: milliseconds since the epoch */

/** @type {import('./clients.mjs').ClientTask & { warmUp: import('./kms.mjs').KmsAddress }} */
const { warmUp, ...task } = readTask();
const options = { ...task.options, preload: task.names };
const first = createClient({ ...task, kms: warmUp, options });
await first.ready();
await first.close();
/** @type {import('@kms-secrets/core').SecretClient | undefined} */
let client;

serve(
  'ready',
  /** @returns {Promise<StartResult>} */
  async () => {
    client = createClient({ ...task, options });
    try {
      await client.ready();
      return { readyAt: performance.timeOrigin + performance.now(), error: undefined };
    } catch (error) {
      return { readyAt: undefined, error: String(error) };
    }
  },
  () => client?.close(),
);
