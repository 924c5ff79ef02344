// @ts-check
// In a process of its own: what a read of a fresh value costs, in nanoseconds or in bytes, by contender.
import { secretNames } from '../engine.mjs';
import { inRounds, timeInRounds } from '../measure.mjs';
import { given } from '../../support/processes.mjs';
import { openContenders } from './contenders.mjs';

const { count, what, withPeers, rounds, ms } = given();
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
const samples = what === 'time' ? await timeInRounds(loops, { rounds, ms }) : await allocatedInRounds();
console.log(JSON.stringify(samples));

/** Bytes a read; the new space of this process is so large that none is collected meanwhile. */
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

/** Every name about as often, in no order that a cache of the processor could guess; as long as a power of two. */
function shuffledOrder() {
  const length = Math.max(1_024, 2 ** Math.ceil(Math.log2(count)));
  const list = Array.from({ length }, (_, index) => /** @type {string} */ (names[index % count]));
  for (let index = length - 1; index > 0; index -= 1) {
    const other = Math.floor(Math.random() * (index + 1));
    [list[index], list[other]] = [/** @type {string} */ (list[other]), /** @type {string} */ (list[index])];
  }
  return list;
}
