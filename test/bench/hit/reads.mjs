// @ts-check
// Runs in its own process. Measures the read of a fresh value for each contender, in nanoseconds or in bytes allocated.
import { secretNames } from '../clients.mjs';
import { inRounds, timeInRounds } from '../measure.mjs';
import { readTask } from '../../support/processes.mjs';
import { openContenders } from './contenders.mjs';

const { count, unit, withPeers, rounds, ms } = readTask();
const names = secretNames(count);
const contenders = await openContenders(names, { withPeers });
const order = shuffledOrder();
/** @type {Record<string, import('../measure.mjs').Loop>} */
const loops = {};
for (const [name, { read, isAsync = false }] of Object.entries(contenders)) {
  /** @type {typeof import('./read-loop.mjs')} */
  const { asyncLoop, syncLoop } = await import(`./read-loop.mjs?${encodeURIComponent(name)}`);
  loops[name] = isAsync ? asyncLoop(read, order) : syncLoop(read, order);
}
const samples = unit === 'ns' ? await timeInRounds(loops, { rounds, ms }) : await allocatedInRounds();
console.log(JSON.stringify(samples));

/** Bytes allocated per read. The new space of this process is large enough that no collection happens during a loop. */
async function allocatedInRounds() {
  const times = 50_000;
  for (const loop of Object.values(loops)) for (let warm = 0; warm < 4; warm += 1) await loop(times);
  return inRounds(loops, rounds, async (loop) => {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    await loop(times);
    return (process.memoryUsage().heapUsed - before) / times;
  });
}

/** Every name about equally often, in random order, so that the processor cannot prefetch. The length is a power of two. */
function shuffledOrder() {
  const length = Math.max(1_024, 2 ** Math.ceil(Math.log2(count)));
  const list = Array.from({ length }, (_, index) => /** @type {string} */ (names[index % count]));
  for (let index = length - 1; index > 0; index -= 1) {
    const other = Math.floor(Math.random() * (index + 1));
    const swapped = /** @type {string} */ (list[index]);
    list[index] = /** @type {string} */ (list[other]);
    list[other] = swapped;
  }
  return list;
}
