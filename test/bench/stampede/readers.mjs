// @ts-check
// Runs in its own process. Measures concurrent reads of one uncached name with one contender, with an upstream of 50 ms.
import { setTimeout as sleep } from 'node:timers/promises';
import { createClientWithUpstream, createSecret } from '../clients.mjs';
import { peers } from '../peers.mjs';
import { readTask } from '../../support/processes.mjs';

const { contender, readers, rounds, upstreamMs } = readTask();
let requests = 0;
const upstream = async (/** @type {string} */ name) => {
  requests += 1;
  await sleep(upstreamMs);
  return `s3cret-${name}`;
};
const { read } = await open();

/** @type {{ requests: number; ms: number; upstreamMs: number }[]} */
const samples = [];
for (let round = 0; round < rounds; round += 1) {
  const upstreamStart = performance.now();
  await sleep(upstreamMs);
  const startedAt = performance.now();
  requests = 0;
  await Promise.all(Array.from({ length: readers }, () => read(`cold-${round}`)));
  samples.push({ requests, ms: performance.now() - startedAt, upstreamMs: startedAt - upstreamStart });
}
console.log(JSON.stringify(samples));

/** @returns {Promise<import('../peers.mjs').Peer>} */
async function open() {
  const peer = peers[contender];
  if (peer !== undefined) return peer(upstream, 1_024);
  const client = createClientWithUpstream(async ({ name }) => createSecret(name, await upstream(name)), { ttl: '1h' });
  return { read: (name) => client.get(name) };
}
