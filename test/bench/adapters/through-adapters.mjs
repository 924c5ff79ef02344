// @ts-check
import { Agent, get } from 'node:http';
import { compare, inRounds } from '../measure.mjs';
import { start } from '../../support/processes.mjs';
import { row } from '../report.mjs';
import { adapters } from './adapters.mjs';

const serve = new URL('serve.mjs', import.meta.url);
const inFlight = 16;

/** The cost of reading through an adapter, compared with reading from the client. @type {import('../bench.mjs').Group} */
export async function throughAdapters({ isQuick, log }) {
  const rows = [];
  for (const adapter of Object.keys(adapters)) {
    const server = await start(serve, { adapter }, { flags: ['--expose-gc'] });
    log(`reads in a request of ${adapter}`);
    const reads = await server.request(isQuick ? { rounds: 5, ms: 2 } : { rounds: 31, ms: 12 });
    log(`requests to ${adapter}`);
    const requests = await cpuOfRequests(server, isQuick ? { rounds: 3, count: 200 } : { rounds: 15, count: 3_000 });
    await server.stop();
    const target = { atMost: 1.3 };
    rows.push(
      row(`${adapter}: secret() vs peek() of the client, ns`, compare(reads, 'secret', 'peek'), target),
      row(`${adapter}: await get() vs await get() of the client, ns`, compare(reads, 'snapshotGet', 'get'), target),
      row(
        `${adapter}: request with a read vs request with peek() of the client, CPU µs`,
        compare(requests, 'adapter', 'core'),
        target,
      ),
    );
  }
  return rows;
}

/**
 * CPU microseconds of the server process per request. The requests are sent by this process, so sending does not count.
 * @param {import('../../support/processes.mjs').Worker} server
 * @param {{ rounds: number; count: number }} options
 */
async function cpuOfRequests(server, { rounds, count }) {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const urls = Object.fromEntries(['core', 'adapter'].map((path) => [path, `${server.ready.url}/${path}`]));
  for (const url of Object.values(urls)) await sendAll(url, agent, count); // warm-up
  const samples = await inRounds(urls, rounds, async (url) => {
    const before = total(await server.request('cpu'));
    await sendAll(url, agent, count);
    return (total(await server.request('cpu')) - before) / count;
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
  let remaining = count;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (remaining > 0) {
        remaining -= 1;
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
      if (response.statusCode !== 200) reject(new Error(`${url} responded with ${response.statusCode}.`));
      response.resume().on('end', resolve);
    }).on('error', reject);
  });
}
