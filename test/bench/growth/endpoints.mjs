// @ts-check
// Runs in its own process. Measures fetches and the state of a client with so many endpoints.
import { createSecretClient } from '@kms-secrets/core';
import { createSecret, withoutLimits } from '../clients.mjs';
import { inRounds } from '../measure.mjs';
import { readTask } from '../../support/processes.mjs';
import { timeOperations } from './time-operations.mjs';

const { size, rounds } = readTask();
const client = createSecretClient({
  ...withoutLimits,
  endpoints: Array.from({ length: size }, (_, index) => ({
    endpoint: `kms-${index}.example`,
    fetch: async (/** @type {import('@kms-secrets/core').SecretRequest} */ { name }) =>
      createSecret(name, 's3cret-value'),
    close() {},
  })),
});
const fetchAll = async () => {
  const startedAt = performance.now();
  for (let fetches = 0; fetches < 500; fetches += 1) await client.refresh('app/secret');
  return ((performance.now() - startedAt) * 1e6) / 500;
};
await fetchAll();
const fetched = await inRounds({ 'a fetch, ns': fetchAll }, rounds, (run) => run());
const state = await timeOperations(
  { 'health(), ns': () => client.health(), 'stats(), ns': () => client.stats() },
  rounds,
);
console.log(JSON.stringify({ ...fetched, ...state }));
await client.close();
