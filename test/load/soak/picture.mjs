// @ts-check
// A soak as one SVG: what was wrong with KMS, and below it, on the same time, what that did to the service.
import { troubleKinds } from './script.mjs';

/** @typedef {import('./soak.mjs').Soak} Soak */
/** @typedef {{ label: string; points: readonly (readonly [at: number, value: number])[] }} Series */
/** @typedef {{ title: string; series: readonly Series[] }} Panel */

const width = 1_000;
const [left, right] = [150, 24];
const plotWidth = width - left - right;
const rowHeight = 15;
const panelHeight = 130;
const panelGap = 46;
const mebibyte = 1_048_576;

/** Colours that differ for the colour-blind as well, on white and on black. */
const style = `
  svg { background: var(--paper); --paper: #ffffff; --ink: #1b1f24; --quiet: #59636e; --grid: #d1d9e0; --band: #b3541e;
    --a: #0b62c4; --b: #b3541e; --c: #2b7a3d; --d: #7a3fb0; }
  @media (prefers-color-scheme: dark) { svg { --paper: #0d1117; --ink: #e6edf3; --quiet: #9aa4af; --grid: #30363d; --band: #e8a06a;
    --a: #6cb2ff; --b: #f0a36b; --c: #6fcf83; --d: #c79bf2; } }
  text { font: 12px system-ui, sans-serif; fill: var(--ink); }
  .heading { font-size: 16px; font-weight: 600; }
  .title { font-weight: 600; }
  .quiet { fill: var(--quiet); font-size: 11px; }
  .grid { stroke: var(--grid); stroke-width: 1; }
  .band { fill: var(--band); opacity: 0.09; }
  .trouble { fill: var(--band); opacity: 0.75; }
  .rotation { stroke: var(--a); stroke-width: 1.5; }
  .line { fill: none; stroke-width: 1.5; stroke-linejoin: round; }
  .a { stroke: var(--a); } .b { stroke: var(--b); } .c { stroke: var(--c); } .d { stroke: var(--d); }`;

/** @param {Soak} soak */
export function pictureOf(soak) {
  const { seconds, seed, stores, script, samples, ending } = soak;
  const x = (/** @type {number} */ at) => left + (at / seconds) * plotWidth;
  const rowsTop = 62;
  const panelsTop = rowsTop + (troubleKinds.length + 1) * rowHeight + panelGap;
  const drawn = panelsOf(samples).map((panel, index) =>
    drawPanel(panel, { top: panelsTop + index * (panelHeight + panelGap), x, seconds, troubles: script.troubles }),
  );
  const height = panelsTop + drawn.length * (panelHeight + panelGap);
  const { reads, failed, stale } = ending.last.counts;
  const heading = `${reads.toLocaleString('en-US')} reads in ${seconds} s: ${failed} failed, ${stale.toLocaleString('en-US')} were served an old value`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${heading}">
<style>${style}
</style>
${text([24, 28], heading, { look: 'heading' })}
${text([24, 47], `What was wrong with KMS, and when (seed ${seed}, stores: ${stores}); below, the process that reads. Time in seconds.`, { look: 'quiet' })}
${troubleRows(script, { x, top: rowsTop })}
${drawn.join('\n')}
</svg>
`;
}

/**
 * @param {Soak['samples']} samples
 * @returns {Panel[]}
 */
function panelsOf(samples) {
  /** @param {(sample: Soak['samples'][number]) => number} value */
  const each = (value) => samples.map((sample) => /** @type {const} */ ([sample.at, value(sample)]));
  /** @param {(sample: Soak['samples'][number]) => number} sumOf */
  const perSecond = (sumOf) =>
    samples.slice(1).map((sample, index) => {
      const before = samples[index] ?? sample;
      return /** @type {const} */ ([sample.at, (sumOf(sample) - sumOf(before)) / (sample.at - before.at)]);
    });
  const kept = samples.flatMap(({ at, heapKept }) =>
    heapKept === undefined ? [] : [/** @type {const} */ ([at, heapKept / mebibyte])],
  );
  return [
    {
      title: 'Reads a second',
      series: [
        { label: 'fresh', points: perSecond(({ counts }) => counts.fresh) },
        { label: 'an old value', points: perSecond(({ counts }) => counts.stale) },
        {
          label: 'of the refused: fresh or old',
          points: perSecond(({ refusable }) => refusable.fresh + refusable.stale),
        },
        { label: 'of the refused: failed', points: perSecond(({ refusable }) => refusable.failed) },
      ],
    },
    {
      title: 'Memory, MiB',
      series: [
        { label: 'resident', points: each(({ rss }) => rss / mebibyte) },
        { label: 'heap in use', points: each(({ heapUsed }) => heapUsed / mebibyte) },
        { label: 'heap after a collection', points: kept },
      ],
    },
    {
      title: 'Handles',
      series: [
        { label: 'sockets', points: each(({ resources }) => resources['TCPSocketWrap'] ?? 0) },
        { label: 'timers', points: each(({ resources }) => resources['Timeout'] ?? 0) },
        { label: 'all else that keeps the process busy', points: each(({ resources }) => others(resources)) },
      ],
    },
    {
      title: 'Delay of the event loop, ms',
      series: [
        { label: 'longest in a second', points: each(({ delay }) => delay.max) },
        { label: 'p99', points: each(({ delay }) => delay.p99) },
      ],
    },
  ];
}

/**
 * @param {import('./script.mjs').Script} script
 * @param {{ x: (at: number) => number; top: number }} place
 */
function troubleRows({ troubles, rotations }, { x, top }) {
  const rows = troubleKinds.map((kind, row) => {
    const y = top + row * rowHeight;
    const marks = troubles
      .filter((trouble) => trouble.kind === kind)
      .map(({ from, to }) =>
        rectangle({ x: x(from), y: y + 2, width: x(to) - x(from), height: rowHeight - 4 }, 'trouble'),
      );
    return [text([left - 10, y + 11], kind, { look: 'quiet', anchor: 'end' }), ...marks].join('');
  });
  const y = top + troubleKinds.length * rowHeight;
  const ticks = rotations.map(({ at }) => line({ x1: x(at), x2: x(at), y1: y + 2, y2: y + rowHeight - 2 }, 'rotation'));
  return [...rows, text([left - 10, y + 11], 'a rotation', { look: 'quiet', anchor: 'end' }), ...ticks].join('\n');
}

/**
 * @param {Panel} panel
 * @param {{ top: number; x: (at: number) => number; seconds: number; troubles: readonly import('./script.mjs').Trouble[] }} place
 */
function drawPanel({ title, series }, { top, x, seconds, troubles }) {
  const highest = Math.max(...series.flatMap(({ points }) => points.map(([, value]) => value)));
  const ticks = ticksUpTo(highest, 4);
  const ceiling = ticks.at(-1) ?? 1;
  const y = (/** @type {number} */ value) => top + panelHeight - (value / ceiling) * panelHeight;
  const bottom = top + panelHeight;
  const parts = [
    ...troubles.map(({ from, to }) =>
      rectangle({ x: x(from), y: top, width: x(to) - x(from), height: panelHeight }, 'band'),
    ),
    ...ticks.map((tick) => line({ x1: left, x2: left + plotWidth, y1: y(tick), y2: y(tick) }, 'grid')),
    ...ticks.map((tick) =>
      text([left - 10, y(tick) + 4], tick.toLocaleString('en-US'), { look: 'quiet', anchor: 'end' }),
    ),
    ...ticksUpTo(seconds, 8)
      .filter((tick) => tick <= seconds)
      .map((tick) => text([x(tick), bottom + 15], `${tick}`, { look: 'quiet', anchor: 'middle' })),
    text([24, top - 9], title, { look: 'title' }),
    ...legend(series, top - 9),
    ...series.map(({ points }, index) =>
      polyline(
        points.map(([at, value]) => [x(at), y(value)]),
        letter(index),
      ),
    ),
  ];
  return parts.join('\n');
}

/**
 * @param {readonly Series[]} series
 * @param {number} y
 */
function legend(series, y) {
  let x = left + 90;
  return series.map(({ label }, index) => {
    const from = x;
    x += 44 + label.length * 6.4;
    return (
      line({ x1: from, x2: from + 18, y1: y - 4, y2: y - 4 }, `line ${letter(index)}`) +
      text([from + 23, y], label, { look: 'quiet' })
    );
  });
}

/** The colours of the style, in their order. @param {number} index */
function letter(index) {
  return 'abcd'.charAt(index);
}

/**
 * From 0 in round steps to the first that is not below `highest`.
 * @param {number} highest
 * @param {number} about how many steps
 */
function ticksUpTo(highest, about) {
  const rough = Math.max(highest, 1e-3) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  const count = Math.max(1, Math.ceil(highest / step));
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

/** @param {import('./reader.mjs').Resources} resources */
function others(resources) {
  const rest = Object.entries(resources).filter(([kind]) => kind !== 'TCPSocketWrap' && kind !== 'Timeout');
  return rest.reduce((sum, [, count]) => sum + count, 0);
}

/**
 * @param {{ x: number; y: number; width: number; height: number }} place
 * @param {string} look
 */
function rectangle(place, look) {
  return element('rect', place, look);
}

/**
 * @param {{ x1: number; x2: number; y1: number; y2: number }} place
 * @param {string} look
 */
function line(place, look) {
  return element('line', place, look);
}

/**
 * @param {'rect' | 'line'} name
 * @param {Readonly<Record<string, number>>} place
 * @param {string} look
 */
function element(name, place, look) {
  const attributes = Object.entries(place).map(([key, value]) => ` ${key}="${value.toFixed(1)}"`);
  return `<${name} class="${look}"${attributes.join('')}/>`;
}

/**
 * @param {readonly (readonly [x: number, y: number])[]} points
 * @param {string} colour
 */
function polyline(points, colour) {
  return `<polyline class="line ${colour}" points="${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}"/>`;
}

/**
 * @param {readonly [x: number, y: number]} place
 * @param {string} words
 * @param {{ look: string; anchor?: 'start' | 'middle' | 'end' }} how
 */
function text([x, y], words, { look, anchor = 'start' }) {
  return `<text class="${look}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${words}</text>`;
}
