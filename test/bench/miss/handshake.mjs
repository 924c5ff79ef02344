// @ts-check
import { compare, inRounds } from '../measure.mjs';
import { row } from '../report.mjs';

const references = ['full handshake', 'resumed handshake'];

/**
 * Reads with a new connection each. Our client resumes the previous TLS session, which must show in the CPU time.
 * @param {Parameters<import('../bench.mjs').Group>[0]} options
 * @param {(contender: string) => Promise<import('../../support/processes.mjs').Worker>} open
 * @param {import('../../support/processes.mjs').Worker} kms
 */
export async function handshakeRows({ isQuick, log }, open, kms) {
  const reads = isQuick ? 20 : 200;
  /** @type {Record<string, import('../../support/processes.mjs').Worker>} */
  const readers = {};
  for (const contender of ['ours', ...references]) readers[contender] = await open(contender);
  await kms.request('close connections');
  log('reads over HTTPS, a new connection for each');
  for (const reader of Object.values(readers)) await reader.request({ inFlight: 1, reads: reads * 5 }); // V8 optimizes during these
  const handshakes = await kms.request('handshakes');
  const samples = await inRounds(readers, isQuick ? 2 : 9, (reader) => reader.request({ inFlight: 1, reads }));
  const connections = (await kms.request('handshakes')) - handshakes;
  await kms.request('keep connections');
  await Promise.all(Object.values(readers).map((reader) => reader.stop()));
  if (connections < reads)
    throw new Error(`Expected a new connection for each of at least ${reads} reads, got ${connections} connections.`);
  return [
    row(
      'read on a new connection vs node:https with a full handshake, CPU µs',
      compare(samples, 'ours', 'full handshake'),
      {
        atMost: 0.75,
      },
    ),
    row(
      'node:https with a resumed handshake vs a full handshake, CPU µs',
      compare(samples, 'resumed handshake', 'full handshake'),
    ),
  ];
}
