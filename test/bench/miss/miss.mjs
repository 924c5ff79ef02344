// @ts-check
import { compare, inRounds } from '../measure.mjs';
import { collectionFlags } from '../../support/counts.mjs';
import { run, start } from '../../support/processes.mjs';
import { row } from '../report.mjs';
import { handshakeRows } from './handshake.mjs';

const wireReads = new URL('wire-reads.mjs', import.meta.url);
const signature = new URL('signature.mjs', import.meta.url);
const counts = new URL('counts.mjs', import.meta.url);
const promoted = new URL('promoted.mjs', import.meta.url);
const clientKey = new URL('client-key.mjs', import.meta.url);
const kmsProcess = new URL('../kms.mjs', import.meta.url);

const sdks = ['openapi-core', 'kms20160120'];
const lowerBounds = ['node:https', 'node:https, constant', 'TLS socket, constant'];

/** @type {import('../bench.mjs').Group} */
export async function miss(options) {
  // Longer than the whole group takes on a busy machine.
  const kms = await start(kmsProcess, {}, { timeout: 1_200_000 });
  const { lean } = kms.ready;
  const launch = { env: { NODE_EXTRA_CA_CERTS: lean.caFilePath }, timeout: 600_000 };
  const open = (/** @type {string} */ contender) => start(wireReads, { contender, kms: lean }, launch);
  return [
    ...(await countRows(options, lean)),
    ...(await coldRows(options, open)),
    ...(await warmRows(options, open)),
    ...(await handshakeRows(options, open, kms)),
    ...(await signatureRows(options)),
    ...(await clientKeyRows(options)),
  ];
}

/** @typedef {(contender: string) => Promise<import('../../support/processes.mjs').Worker>} Open */

/**
 * What one read creates. The counts are the same on every machine.
 * @param {Parameters<import('../bench.mjs').Group>[0]} options
 * @param {any} kms
 */
async function countRows({ isQuick, log }, kms) {
  log('objects that one read creates');
  const env = { NODE_EXTRA_CA_CERTS: kms.caFilePath };
  const flags = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];
  const count = (/** @type {string} */ contender) =>
    run(counts, { contender, kms, reads: isQuick ? 50 : 300 }, { env, flags });
  const countPromoted = (/** @type {string} */ contender) =>
    run(promoted, { contender, kms, reads: isQuick ? 200 : 2_000 }, { env, flags: collectionFlags });
  const ours = await count('ours');
  const reference = await count('openapi-core');
  const countRow = (/** @type {string} */ unit, /** @type {string} */ key, /** @type {number} */ within) =>
    row(`counts a miss, vs openapi-core, ${unit}`, { ours: ours[key], reference: reference[key] }, { within });
  return [
    countRow('promises', 'promises', 24),
    countRow('timers', 'timers', 3),
    countRow('AbortControllers', 'abortControllers', 0),
    countRow('bytes allocated', 'bytes', 28_000),
    row(
      'bytes promoted to the old generation per refresh, vs openapi-core',
      { ours: await countPromoted('ours'), reference: await countPromoted('openapi-core') },
      { within: 600 },
    ),
  ];
}

/**
 * The first reads of a process, while most code is not optimized yet.
 * @param {Parameters<import('../bench.mjs').Group>[0]} options
 * @param {Open} open
 */
async function coldRows({ isQuick, log }, open) {
  const reads = isQuick ? 100 : 1_000;
  log(`the first ${reads} reads over HTTPS in new processes: ours, ${sdks.join(', ')}`);
  const contenders = Object.fromEntries(['ours', ...sdks].map((name) => [name, name]));
  const samples = await inRounds(contenders, isQuick ? 1 : 3, async (contender) => {
    const reader = await open(contender);
    await reader.request({ inFlight: 16, reads: 16 }); // opens the connections
    const micros = await reader.request({ inFlight: 16, reads });
    await reader.stop();
    return micros;
  });
  const fastest = fastestSdk(samples);
  const name = `read, cold, 16 in flight, vs ${fastest}, CPU µs`;
  return [row(name, compare(samples, 'ours', fastest), { atMost: 0.9 })];
}

/**
 * @param {Parameters<import('../bench.mjs').Group>[0]} options
 * @param {Open} open
 */
async function warmRows({ isQuick, log }, open) {
  const contenders = ['ours', ...sdks, ...lowerBounds];
  /** @type {Record<string, import('../../support/processes.mjs').Worker>} */
  const readers = {};
  for (const contender of contenders) {
    log(`reads over HTTPS: warming up ${contender}`);
    readers[contender] = await open(contender);
    await readers[contender].request({ inFlight: 16, reads: isQuick ? 200 : 8_000 });
  }
  const rows = [];
  for (const [inFlight, reads, atMost] of /** @type {const} */ ([
    [1, 400, { sdk: 0.7, lowerBound: 1.1 }],
    [16, 1_600, { sdk: 0.62, lowerBound: 1 }],
  ])) {
    log(`reads over HTTPS, ${inFlight} in flight`);
    const samples = await inRounds(readers, isQuick ? 2 : 9, (reader) =>
      reader.request({ inFlight, reads: isQuick ? reads / 4 : reads }),
    );
    const fastest = fastestSdk(samples);
    const label = `read, ${inFlight} in flight`;
    rows.push(
      row(`${label}, vs ${fastest}, CPU µs`, compare(samples, 'ours', fastest), { atMost: atMost.sdk }),
      ...sdks
        .filter((sdk) => sdk !== fastest)
        .map((sdk) => row(`${label}, vs ${sdk}, CPU µs`, compare(samples, 'ours', sdk))),
      row(`${label}, vs node:https and one signature, CPU µs`, compare(samples, 'ours', 'node:https'), {
        atMost: atMost.lowerBound,
      }),
      row(`${label}, vs node:https with a constant request, CPU µs`, compare(samples, 'ours', 'node:https, constant')),
      row(
        `${label}, vs a TLS socket with a constant request, CPU µs`,
        compare(samples, 'ours', 'TLS socket, constant'),
      ),
    );
  }
  await Promise.all(Object.values(readers).map((reader) => reader.stop()));
  return rows;
}

/** @param {Parameters<import('../bench.mjs').Group>[0]} options */
async function signatureRows({ isQuick, log }) {
  log('signatures');
  const samples = await run(signature, isQuick ? { rounds: 5, ms: 3 } : { rounds: 31, ms: 12 }, {
    flags: ['--expose-gc'],
  });
  return [row('signature vs HMAC-SHA256 over 390 B, ns', compare(samples, 'ours', 'hmac'), { atMost: 2 })];
}

/** @param {Parameters<import('../bench.mjs').Group>[0]} options */
async function clientKeyRows({ isQuick, log }) {
  log('signatures with a client key');
  const samples = await run(clientKey, isQuick ? { rounds: 3, signatures: 50 } : { rounds: 15, signatures: 400 });
  const name = 'client key signature vs crypto.sign on the main thread, µs of blocked main thread';
  return [row(name, compare(samples, 'ours', 'mainThread'), { atMost: 0.5 })];
}

/** @param {Record<string, number[]>} samples */
function fastestSdk(samples) {
  return sdks.toSorted((one, other) => compare(samples, one, other).ratio - 1)[0] ?? '';
}
