// @ts-check
import { inRounds, compare, median } from '../measure.mjs';
import { run } from '../../support/processes.mjs';
import { row } from '../report.mjs';

const bytes = new URL('bytes.mjs', import.meta.url);

/** @type {import('../bench.mjs').Group} */
export async function memory({ isQuick, say }) {
  const count = isQuick ? 10_000 : 100_000;
  const ways = Object.fromEntries(
    ['Map', 'ours', 'schedule', 'lru-cache', 'Powertools', 'bentocache'].map((way) => [way, way]),
  );
  // Bytes are counted, not timed: one round is exact to a byte or two.
  const samples = await inRounds(ways, 1, async (way) => {
    say(`${count.toLocaleString('en-US')} secrets of 1 KB: ${way}`);
    const measured = await run(bytes, { way, count }, { flags: ['--expose-gc'] });
    return measured.bytes;
  });
  const of = `${count.toLocaleString('en-US')} secrets of 1 KB, bytes each`;
  return [
    row(`a client beside a Map of the same texts: ${of}`, compare(samples, 'ours', 'Map'), { atMost: 1.2 }),
    ...['lru-cache', 'Powertools', 'bentocache'].map((peer) =>
      row(`a client beside ${peer}: ${of}`, compare(samples, 'ours', peer)),
    ),
    row('one refresh in the schedule, bytes', { ours: median(samples['schedule'] ?? []) }, { within: 16 }),
  ];
}
