// @ts-check
import { compare, inRounds } from '../measure.mjs';
import { row } from '../report.mjs';

const bare = ['full handshake', 'resumed handshake'];

/**
 * A connection for each read: ours resumes the session of the one before, and must be seen to.
 * @param {Parameters<import('../bench.mjs').Group>[0]} choice
 * @param {(way: string) => Promise<import('../../support/processes.mjs').Asked>} open
 * @param {import('../../support/processes.mjs').Asked} kms
 */
export async function handshakeRows({ isQuick, say }, open, kms) {
  const reads = isQuick ? 20 : 100;
  /** @type {Record<string, import('../../support/processes.mjs').Asked>} */
  const readers = {};
  for (const way of ['ours', ...bare]) readers[way] = await open(way);
  await kms.ask('close connections');
  say('reads over HTTPS, a new connection for each');
  for (const reader of Object.values(readers)) await reader.ask({ inFlight: 1, reads: reads * 2 });
  const handshakes = await kms.ask('count');
  const samples = await inRounds(readers, isQuick ? 2 : 7, async (reader) => {
    const { micros } = await reader.ask({ inFlight: 1, reads });
    return micros;
  });
  const connections = (await kms.ask('count')) - handshakes;
  await kms.ask('keep connections');
  await Promise.all(Object.values(readers).map((reader) => reader.stop()));
  if (connections < reads)
    throw new Error(`Of ${reads} reads and more, only ${connections} had a connection of their own.`);
  return [
    row(
      'our read on a new connection beside a bare full handshake, CPU µs',
      compare(samples, 'ours', 'full handshake'),
      {
        atMost: 0.75,
      },
    ),
    row('a bare resumed handshake beside a full one, CPU µs', compare(samples, 'resumed handshake', 'full handshake')),
  ];
}
