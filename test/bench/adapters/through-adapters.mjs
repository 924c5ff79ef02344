// @ts-check
import { Agent, get } from 'node:http';
import { compare, inRounds } from '../measure.mjs';
import { start } from '../../support/processes.mjs';
import { row } from '../report.mjs';
import { adapters } from './adapters.mjs';

const serve = new URL('serve.mjs', import.meta.url);
const inFlight = 16;

/** What it costs to read through an adapter and not from the client itself. @type {import('../bench.mjs').Group} */
export async function throughAdapters({ isQuick, say }) {
  const rows = [];
  for (const adapter of Object.keys(adapters)) {
    const server = await start(serve, { adapter }, { flags: ['--expose-gc'] });
    say(`reads in a request of ${adapter}`);
    const reads = await server.ask(isQuick ? { rounds: 5, ms: 2 } : { rounds: 31, ms: 12 });
    say(`requests to ${adapter}`);
    const requests = await cpuOfRequests(server, isQuick ? { rounds: 3, count: 200 } : { rounds: 15, count: 3_000 });
    await server.stop();
    const target = { atMost: 1.3 };
    rows.push(
      row(`${adapter}: secret() beside the client's peek(), ns`, compare(reads, 'secret', 'peek'), target),
      row(`${adapter}: await get() beside the client's, ns`, compare(reads, 'snapshotGet', 'get'), target),
      row(
        `${adapter}: a request that reads, beside one that asks the client, CPU µs`,
        compare(requests, 'adapter', 'core'),
        target,
      ),
    );
  }
  return rows;
}

/**
 * What a request costs the server, the sending of it left out: that happens here.
 * @param {import('../../support/processes.mjs').Asked} server
 * @param {{ rounds: number; count: number }} size
 */
async function cpuOfRequests(server, { rounds, count }) {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const ways = Object.fromEntries(['core', 'adapter'].map((path) => [path, `${server.ready.url}/${path}`]));
  for (const url of Object.values(ways)) await sendAll(url, agent, count); // its code is compiled then
  const samples = await inRounds(ways, rounds, async (url) => {
    const before = total(await server.ask('cpu'));
    await sendAll(url, agent, count);
    return (total(await server.ask('cpu')) - before) / count;
  });
  agent.destroy();
  return samples;
}

/** @param {{ user: number; system: number }} cpu */
const total = ({ user, system }) => user + system;

/**
 * @param {string} url
 * @param {Agent} agent
 * @param {number} count
 */
async function sendAll(url, agent, count) {
  let left = count;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left > 0) {
        left -= 1;
        await send(url, agent);
      }
    }),
  );
}

/**
 * @param {string} url
 * @param {Agent} agent
 * @returns {Promise<void>}
 */
function send(url, agent) {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}.`));
      response.resume().on('end', resolve);
    }).on('error', reject);
  });
}
