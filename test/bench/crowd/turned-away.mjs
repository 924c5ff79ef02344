// @ts-check
// In a process of its own: many readers of one name that the upstream fails to bring; by one client or cache.
import { FetchFailure } from '@kms-secrets/core';
import { clientOver } from '../engine.mjs';
import { peers } from '../peers.mjs';
import { given } from '../../support/processes.mjs';

const { way, readers } = given();
let requests = 0;
const upstream = async () => {
  requests += 1;
  throw new FetchFailure('unavailable', 'The upstream is away.');
};
const { read } = await open();
const outcomes = await Promise.allSettled(Array.from({ length: readers }, async () => read('cold')));
const answered = outcomes.filter(({ status }) => status === 'fulfilled').length;
console.log(JSON.stringify({ requests, answered }));
process.exit(); // some keep timers

/** @returns {Promise<import('../peers.mjs').Peer>} */
async function open() {
  const peer = peers[way];
  if (peer !== undefined) return peer(upstream, 1_024);
  const client = clientOver(upstream);
  return { read: (name) => client.get(name) };
}
