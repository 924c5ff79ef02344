// @ts-check
// Runs in its own process: the app of one adapter. Returns its CPU usage or the duration of reads.
import { createClientWithUpstream, createSecret } from '../clients.mjs';
import { timeInRounds } from '../measure.mjs';
import { readTask, serve } from '../../support/processes.mjs';
import { adapters } from './adapters.mjs';

const name = 'app/db';
const client = createClientWithUpstream(async () => createSecret(name, 's3cret-value'), { ttl: '1h' });
await client.get(name);
const { adapter } = readTask();
const open = adapters[adapter];
if (open === undefined) throw new Error(`There is no adapter ${adapter}.`);
const { url, secrets } = await open(client, name);
await secrets.preload([name]);

/** @type {Record<string, { read: () => unknown; isAsync?: boolean }>} */
const reads = {
  peek: { read: () => client.peek(name) },
  secret: { read: () => secrets.secret(name) },
  get: { read: () => client.get(name), isAsync: true },
  snapshotGet: { read: () => secrets.get(name), isAsync: true },
};

serve({ url }, async (message) => {
  if (message === 'cpu') return process.cpuUsage();
  /** @type {Record<string, import('../measure.mjs').Loop>} */
  const loops = {};
  for (const [contender, { read, isAsync = false }] of Object.entries(reads)) {
    /** @type {typeof import('../hit/read-loop.mjs')} */
    const { asyncLoop, syncLoop } = await import(`../hit/read-loop.mjs?${contender}`);
    loops[contender] = isAsync ? asyncLoop(read, [name]) : syncLoop(read, [name]);
  }
  return timeInRounds(loops, message);
});
