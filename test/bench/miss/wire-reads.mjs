// @ts-check
// Runs in its own process. Reads secrets over HTTPS with one contender and returns the CPU time per read in microseconds. There is no
// rate: at 16 in flight the server would limit it.
import { secretNames } from '../clients.mjs';
import { readTask, serve } from '../../support/processes.mjs';
import { wireReaders } from '../wire.mjs';

const { contender, kms } = readTask();
const open = wireReaders[contender];
if (open === undefined) throw new Error(`There is no contender ${contender}.`);
const { read, close } = await open(kms);
/** One name per concurrent reader: concurrent reads of one name would share a request. */
const names = secretNames(16);
if (!String(await read('app/secret-0')).includes('s3cret-')) throw new Error(`${contender} returned no secret.`);

serve('ready', ({ inFlight, reads }) => measure(inFlight, reads), close);

/**
 * @param {number} inFlight
 * @param {number} reads
 */
async function measure(inFlight, reads) {
  const rounds = Math.ceil(reads / inFlight);
  const cpu = process.cpuUsage();
  await Promise.all(
    names.slice(0, inFlight).map(async (name) => {
      for (let round = 0; round < rounds; round += 1) await read(name);
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / (rounds * inFlight);
}
