// @ts-check
// A process that reads secrets over the wire in one way, a number of them at a time, and tells what that cost it.
import { secretNames } from '../engine.mjs';
import { answer, given } from '../../support/processes.mjs';
import { wireReaders } from '../wire.mjs';

const { way, kms } = given();
const open = wireReaders[way];
if (open === undefined) throw new Error(`There is no way to read called ${way}.`);
const { read, close } = await open(kms);
/** One for each that reads at the same time: two who want the same secret would share one request. */
const names = secretNames(16);
if (!String(await read('app/secret-0')).includes('s3cret-')) throw new Error(`${way} brought no secret.`);

answer('ready', ({ inFlight, reads }) => measure(inFlight, reads), close);

/**
 * @param {number} inFlight
 * @param {number} reads
 */
async function measure(inFlight, reads) {
  const rounds = Math.ceil(reads / inFlight);
  const begun = performance.now();
  const cpu = process.cpuUsage();
  await Promise.all(
    names.slice(0, inFlight).map(async (name) => {
      for (let round = 0; round < rounds; round += 1) await read(name);
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  const done = rounds * inFlight;
  return { micros: (user + system) / done, perSecond: (done / (performance.now() - begun)) * 1_000 };
}
