// @ts-check
// In a process of its own: an app of one adapter. Tells what it has used of the processor, and how long reads take in it.
import { clientOver, secretOf } from '../engine.mjs';
import { timeInRounds } from '../measure.mjs';
import { answer, given } from '../../support/processes.mjs';
import { adapters } from './adapters.mjs';

const name = 'app/db';
const client = clientOver(async () => secretOf(name, 's3cret-value'), { ttl: '1h' });
await client.get(name);
const open = adapters[given().adapter];
if (open === undefined) throw new Error(`There is no adapter ${given().adapter}.`);
const { url, secrets } = await open(client, name);
await secrets.preload([name]);

/** @type {Record<string, { read: () => unknown; isAsync?: boolean }>} */
const reads = {
  peek: { read: () => client.peek(name) },
  secret: { read: () => secrets.secret(name) },
  get: { read: () => client.get(name), isAsync: true },
  snapshotGet: { read: () => secrets.get(name), isAsync: true },
};

answer({ url }, async (question) => {
  if (question === 'cpu') return process.cpuUsage();
  /** @type {Record<string, import('../measure.mjs').Loop>} */
  const loops = {};
  for (const [way, { read, isAsync = false }] of Object.entries(reads)) {
    /** @type {typeof import('../hit/read-loop.mjs')} */
    const { asyncLoop, syncLoop } = await import(`../hit/read-loop.mjs?${way}`);
    loops[way] = isAsync ? asyncLoop(read, [name]) : syncLoop(read, [name]);
  }
  return timeInRounds(loops, question);
});
