// @ts-check
import { compare, inRounds } from '../measure.mjs';
import { run, start } from '../../support/processes.mjs';
import { row } from '../report.mjs';
import { handshakeRows } from './handshake.mjs';

const wireReads = new URL('wire-reads.mjs', import.meta.url);
const signature = new URL('signature.mjs', import.meta.url);
const clientKey = new URL('client-key.mjs', import.meta.url);
const kmsProcess = new URL('../kms.mjs', import.meta.url);

const sdks = ['openapi-core', 'kms20160120'];
const floors = ['node:https', 'node:https, constant', 'TLS socket, constant'];

/** @type {import('../bench.mjs').Group} */
export async function miss(choice) {
  const kms = await start(kmsProcess, {});
  const { lean } = kms.ready;
  const launch = { env: { NODE_EXTRA_CA_CERTS: lean.caFilePath } };
  const open = (/** @type {string} */ way) => start(wireReads, { way, kms: lean }, launch);
  return [
    ...(await coldRows(choice, open)),
    ...(await warmRows(choice, open)),
    ...(await handshakeRows(choice, open, kms)),
    ...(await signatureRows(choice)),
    ...(await clientKeyRows(choice)),
  ];
}

/** @typedef {(way: string) => Promise<import('../../support/processes.mjs').Asked>} Open */

/**
 * The first reads of a process: most of what runs has not been compiled yet.
 * @param {Parameters<import('../bench.mjs').Group>[0]} choice
 * @param {Open} open
 */
async function coldRows({ isQuick, say }, open) {
  const reads = isQuick ? 100 : 1_000;
  say(`the first ${reads} reads over HTTPS in new processes: ours, ${sdks.join(', ')}`);
  const ways = Object.fromEntries(['ours', ...sdks].map((way) => [way, way]));
  const samples = await inRounds(ways, isQuick ? 1 : 3, async (way) => {
    const reader = await open(way);
    await reader.ask({ inFlight: 16, reads: 16 }); // connects
    const { micros } = await reader.ask({ inFlight: 16, reads });
    await reader.stop();
    return micros;
  });
  const best = better(samples);
  const name = `a read, cold, 16 in flight, beside ${best}, CPU µs`;
  return [row(name, compare(samples, 'ours', best), { atMost: 0.25 })];
}

/**
 * @param {Parameters<import('../bench.mjs').Group>[0]} choice
 * @param {Open} open
 */
async function warmRows({ isQuick, say }, open) {
  const ways = ['ours', ...sdks, ...floors];
  /** @type {Record<string, import('../../support/processes.mjs').Asked>} */
  const readers = {};
  for (const way of ways) {
    say(`reads over HTTPS: warming ${way}`);
    readers[way] = await open(way);
    await readers[way].ask({ inFlight: 16, reads: isQuick ? 200 : 8_000 });
  }
  const rows = [];
  for (const [inFlight, reads] of /** @type {const} */ ([
    [1, 400],
    [16, 1_600],
  ])) {
    say(`reads over HTTPS, ${inFlight} in flight`);
    /** @type {Record<string, number[]>} */
    const perSecond = Object.fromEntries(ways.map((way) => [way, []]));
    const micros = await inRounds(readers, isQuick ? 2 : 9, async (reader, way) => {
      const measured = await reader.ask({ inFlight, reads: isQuick ? reads / 4 : reads });
      perSecond[way]?.push(measured.perSecond);
      return measured.micros;
    });
    const best = better(micros);
    const of = `a read, ${inFlight} in flight`;
    rows.push(
      row(`${of}, beside ${best}, CPU µs`, compare(micros, 'ours', best), { atMost: 0.4 }),
      ...sdks
        .filter((sdk) => sdk !== best)
        .map((sdk) => row(`${of}, beside ${sdk}, CPU µs`, compare(micros, 'ours', sdk))),
      row(`${of}, beside node:https and one signature, CPU µs`, compare(micros, 'ours', 'node:https')),
      row(`${of}, beside node:https with a constant request, CPU µs`, compare(micros, 'ours', 'node:https, constant')),
      row(
        `${of}, beside a TLS socket with a constant request, CPU µs`,
        compare(micros, 'ours', 'TLS socket, constant'),
        { atMost: 4 },
      ),
      row(`${of}, beside ${best}, reads a second`, compare(perSecond, 'ours', best)),
    );
  }
  await Promise.all(Object.values(readers).map((reader) => reader.stop()));
  return rows;
}

/** @param {Parameters<import('../bench.mjs').Group>[0]} choice */
async function signatureRows({ isQuick, say }) {
  say('signatures');
  const samples = await run(signature, isQuick ? { rounds: 5, ms: 3 } : { rounds: 31, ms: 12 }, {
    flags: ['--expose-gc'],
  });
  return [row('a signature beside a bare HMAC-SHA256 over 390 B, ns', compare(samples, 'ours', 'bare'), { atMost: 2 })];
}

/** @param {Parameters<import('../bench.mjs').Group>[0]} choice */
async function clientKeyRows({ isQuick, say }) {
  say('signatures with a client key');
  const samples = await run(clientKey, isQuick ? { rounds: 3, signatures: 50 } : { rounds: 15, signatures: 400 });
  const name = 'a signature with a client key beside one on the main thread, µs that it is busy';
  return [row(name, compare(samples, 'ours', 'bare'), { atMost: 0.5 })];
}

/** @param {Record<string, number[]>} samples */
function better(samples) {
  return sdks.toSorted((one, other) => compare(samples, one, other).ratio - 1)[0] ?? '';
}
