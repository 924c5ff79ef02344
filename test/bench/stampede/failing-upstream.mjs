// @ts-check
// Runs in its own process. Counts the requests of concurrent reads with one contender, with an upstream that always fails.
import { FetchFailure } from '@kms-secrets/core';
import { createClientWithUpstream } from '../clients.mjs';
import { peers } from '../peers.mjs';
import { readTask } from '../../support/processes.mjs';

const { contender, readers } = readTask();
let requests = 0;
const upstream = async () => {
  requests += 1;
  throw new FetchFailure('unavailable', 'The upstream is unavailable.');
};
const { read } = await open();
const outcomes = await Promise.allSettled(Array.from({ length: readers }, async () => read('cold')));
const resolved = outcomes.filter(({ status }) => status === 'fulfilled').length;
console.log(JSON.stringify({ requests, resolved }));
process.exit(); // some peers keep timers

/** @returns {Promise<import('../peers.mjs').Peer>} */
async function open() {
  const peer = peers[contender];
  if (peer !== undefined) return peer(upstream, 1_024);
  const client = createClientWithUpstream(upstream);
  return { read: (name) => client.get(name) };
}
