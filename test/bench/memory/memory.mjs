// @ts-check
import { inRounds, compare, median } from '../measure.mjs';
import { run } from '../../support/processes.mjs';
import { row } from '../report.mjs';

const bytes = new URL('bytes.mjs', import.meta.url);

/** @type {import('../bench.mjs').Group} */
export async function memory({ isQuick, log }) {
  const count = isQuick ? 10_000 : 100_000;
  const contenders = Object.fromEntries(
    ['Map', 'ours', 'schedule', 'lru-cache', 'Powertools', 'bentocache'].map((name) => [name, name]),
  );
  // One round is enough: counts of bytes are exact to a byte or two.
  const samples = await inRounds(contenders, 1, async (contender) => {
    log(`${count.toLocaleString('en-US')} secrets of 1 KB: ${contender}`);
    const measured = await run(bytes, { contender, count }, { flags: ['--expose-gc'] });
    return measured.bytes;
  });
  const suffix = `${count.toLocaleString('en-US')} secrets of 1 KB, bytes per secret`;
  return [
    row(`client vs a Map of the values, each read twice, ${suffix}`, compare(samples, 'ours', 'Map'), { atMost: 1.19 }),
    ...['lru-cache', 'Powertools', 'bentocache'].map((peer) =>
      row(`client vs ${peer}, ${suffix}`, compare(samples, 'ours', peer)),
    ),
    row('one scheduled refresh, bytes', { ours: median(samples['schedule'] ?? []) }, { within: 16 }),
  ];
}
