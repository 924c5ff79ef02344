// @ts-check
// In a process of its own: many readers of one cold name at once, on an upstream of 50 ms; by one client or cache.
import { setTimeout as sleep } from 'node:timers/promises';
import { clientOver, secretOf } from '../engine.mjs';
import { peers } from '../peers.mjs';
import { given } from '../../support/processes.mjs';

const { way, readers, rounds, upstreamMs } = given();
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
  const alone = performance.now();
  await sleep(upstreamMs);
  const begun = performance.now();
  requests = 0;
  await Promise.all(Array.from({ length: readers }, () => read(`cold-${round}`)));
  samples.push({ requests, ms: performance.now() - begun, upstreamMs: begun - alone });
}
console.log(JSON.stringify(samples));

/** @returns {Promise<import('../peers.mjs').Peer>} */
async function open() {
  const peer = peers[way];
  if (peer !== undefined) return peer(upstream, 1_024);
  const client = clientOver(async ({ name }) => secretOf(name, await upstream(name)), { ttl: '1h' });
  return { read: (name) => client.get(name) };
}
