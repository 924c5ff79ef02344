// @ts-check
// Runs in its own process. Measures refusals while so many denied reads are in flight.
import { FetchFailure } from '@kms-secrets/core';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createClientWithUpstream, secretNames } from '../clients.mjs';
import { readTask } from '../../support/processes.mjs';
import { timeOperations } from './time-operations.mjs';

const { size, rounds } = readTask();
/** @type {(() => void)[]} */
const refusals = [];
const client = createClientWithUpstream(
  () => new Promise((_, reject) => void refusals.push(() => reject(new FetchFailure('denied', 'Denied.')))),
  { negativeTtl: 0, deadline: '10m', attemptTimeout: '10m', retry: { maxAttempts: 1 } },
);
const names = secretNames(size);
// Not all of them reach the endpoint at once: names that it does not know yet share some of its places.
const start = () => names.map((name) => void client.get(name).catch(() => {}));
start();
await nextTurn();
const measured = await timeOperations(
  {
    'stats(), ns': () => client.stats(),
    'invalidate() of an unknown name, ns': () => void client.invalidate('unknown'),
  },
  rounds,
);
await refuseAll();
// Small batches measure as many refusals as large ones do.
const batches = Math.max(1, Math.ceil(300 / size));
/** @type {number[]} */
const samples = [];
for (let round = 0; round < Math.min(rounds, 5); round += 1) {
  let ms = 0;
  for (let batch = 0; batch < batches; batch += 1) {
    start();
    await nextTurn();
    const startedAt = performance.now();
    await refuseAll();
    ms += performance.now() - startedAt;
  }
  samples.push((ms * 1e6) / (batches * size));
}
console.log(JSON.stringify({ ...measured, 'a refusal, ns': samples }));
await client.close();

async function refuseAll() {
  while (client.stats().inFlight > 0) {
    for (const refuse of refusals.splice(0)) refuse();
    await nextTurn();
  }
}
