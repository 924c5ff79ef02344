// @ts-check
// Runs in its own process. Measures what a service does besides reads, with so many secrets in memory.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createClientWithUpstream, createSecret, readAll, secretNames } from '../clients.mjs';
import { readTask } from '../../support/processes.mjs';
import { skipTime } from './skip-time.mjs';
import { timeOperations } from './time-operations.mjs';

const { size, rounds } = readTask();
const names = secretNames(size);
const nameAt = (/** @type {number} */ index) => /** @type {string} */ (names[index % size]);
const required = names.slice(0, 1_000);
let isDown = false;
const client = createClientWithUpstream(
  async ({ name }) => (isDown ? new Promise(() => {}) : createSecret(name, 's3cret-value')),
  { ttl: '1h', limits: { requestsPerSecond: 100_000, concurrentRequests: 10_000, maxEntries: 10_000_000 } },
);
const before = await settledHeap();
const startedAt = performance.now();
await readAll(names, (name) => client.get(name));
const fill = ((performance.now() - startedAt) * 1e6) / size;
const bytes = ((await settledHeap()) - before) / size;
if (client.stats().secrets !== size) throw new Error('Not every secret is in memory.');
const handle = client.handle(nameAt(0));
const fresh = await timeOperations(
  {
    'health(), ns': () => client.health(),
    // With one secret, the others would be missing, which is other work.
    ...(size > 1 && { 'health() with 1,000 required names, ns': () => client.health({ required }) }),
    'stats(), ns': () => client.stats(),
    'statusOf(), ns': (index) => client.statusOf(nameAt(index)),
    'invalidate() of an unknown name, ns': () => void client.invalidate('unknown'),
  },
  rounds,
);
isDown = true;
skipTime(2 * 3_600_000);
await nextTurn();
const stale = await timeOperations(
  { 'a handle past its TTL, ns': () => handle.text(), 'health() past the TTL, ns': () => client.health() },
  rounds,
);
// With one secret, the first fetch of the process would decide.
const filled = size === 1 ? {} : { 'fill, ns per secret': [fill], 'memory, bytes per secret': [bytes] };
console.log(JSON.stringify({ ...fresh, ...stale, ...filled }));
await client.close();

async function settledHeap() {
  for (let run = 0; run < 4; run += 1) {
    await nextTurn();
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}
