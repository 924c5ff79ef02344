// @ts-check
// Runs in its own process. Measures the read of a fresh value after so many days of uptime: nanoseconds, bytes allocated.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { skipTime } from './skip-time.mjs';
import { systemClock } from '@kms-secrets/core';
import { createClientWithUpstream, createSecret, readAll, secretNames } from '../clients.mjs';
import { readTask } from '../../support/processes.mjs';
import { timeOperations } from './time-operations.mjs';

const { count, days, rounds } = readTask();
systemClock.now();
skipTime(days * 86_400_000);
await nextTurn();
const names = secretNames(count);
const client = createClientWithUpstream(async ({ name }) => createSecret(name, 's3cret-value'), { ttl: '1h' });
await readAll(names, (name) => client.get(name));
const order = Array.from({ length: 1 << 17 }, () => /** @type {string} */ (names[Math.floor(Math.random() * count)]));
const read = (/** @type {number} */ index) => client.peek(/** @type {string} */ (order[index & (order.length - 1)]));
const { peek: ns } = await timeOperations({ peek: read }, rounds);
globalThis.gc?.();
const before = process.memoryUsage().heapUsed;
for (let index = 0; index < 100_000; index += 1) read(index);
const bytes = Math.max(process.memoryUsage().heapUsed - before, 0) / 100_000;
console.log(JSON.stringify({ ns, bytes }));
await client.close();
