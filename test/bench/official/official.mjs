// @ts-check
// Optional: the CPU time per read of the official clients for other languages, against the same server as ours.
import { compare, inRounds } from '../measure.mjs';
import { row } from '../report.mjs';
import { start } from '../../support/processes.mjs';
import { officialClients } from './clients.mjs';
import { startProgram } from './program.mjs';

const kmsProcess = new URL('../kms.mjs', import.meta.url);
const wireReads = new URL('../miss/wire-reads.mjs', import.meta.url);

/** @type {import('../bench.mjs').Group} */
export async function official({ isQuick, log }) {
  const kms = await start(kmsProcess, {});
  const { lean } = kms.ready;
  const ours = await start(wireReads, { contender: 'ours', kms: lean }, { timeout: 600_000 });
  /** @type {Record<string, { read: (inFlight: number, reads: number) => Promise<number>; stop: () => unknown }>} */
  const contenders = {
    ours: { read: (inFlight, reads) => ours.request({ inFlight, reads }), stop: () => ours.stop() },
  };
  try {
    for (const client of officialClients) {
      const command = await client.prepare(log);
      if (typeof command === 'string') {
        log(`NOT MEASURED: ${client.name}. ${command}\n        It needs: ${client.needs}`);
      } else {
        contenders[client.name] = await startProgram(command, lean);
      }
    }
    if (Object.keys(contenders).length === 1) {
      log('NO OFFICIAL CLIENT WAS MEASURED. See above for what each needs.');
      return [];
    }
    const rows = [];
    for (const [inFlight, reads] of /** @type {const} */ ([
      [1, 400],
      [16, 1_600],
    ])) {
      log(`reads over HTTPS, ${inFlight} in flight: ${Object.keys(contenders).join(', ')}`);
      // The first reads do not count: Node and Go open their connections, and V8 optimizes.
      for (const { read } of Object.values(contenders)) await read(inFlight, isQuick ? 100 : 4_000);
      const samples = await inRounds(contenders, isQuick ? 2 : 9, ({ read }) =>
        read(inFlight, isQuick ? reads / 4 : reads),
      );
      for (const name of Object.keys(contenders)) {
        if (name === 'ours') continue;
        rows.push(row(`read, ${inFlight} in flight, vs ${name}, CPU µs`, compare(samples, 'ours', name)));
      }
    }
    return rows;
  } finally {
    for (const { stop } of Object.values(contenders)) await stop();
  }
}
