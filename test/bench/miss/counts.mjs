// @ts-check
// Runs in its own process. Counts what one read over HTTPS creates: promises, timers, AbortControllers, and bytes of garbage. The new
// space of this process is so large that no collection happens while bytes are counted.
import { countsPerRun } from '../../support/counts.mjs';
import { readTask } from '../../support/processes.mjs';
import { wireReaders } from '../wire.mjs';

const { contender, kms, reads } = readTask();
const open = wireReaders[contender];
if (open === undefined) throw new Error(`There is no contender ${contender}.`);
const { read, close } = await open(kms);
for (let done = 0; done < 4 * reads; done += 1) await read('app/secret-0');
const bytes = await allocated();
console.log(JSON.stringify({ ...(await countsPerRun(() => read('app/secret-0'), reads)), bytes }));
await close?.();

/** Bytes allocated per read. */
async function allocated() {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let done = 0; done < reads; done += 1) await read('app/secret-0');
  return (process.memoryUsage().heapUsed - before) / reads;
}
