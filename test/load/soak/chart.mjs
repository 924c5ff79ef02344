// @ts-check
// Renders a soak as one SVG: the incidents at KMS and, below them on the same time axis, the samples of the service.
import { incidentKinds } from './schedule.mjs';

/** @typedef {import('./soak.mjs').Soak} Soak */
/** @typedef {{ label: string; points: readonly (readonly [at: number, value: number])[] }} Series */
/** @typedef {{ title: string; series: readonly Series[] }} Panel */

const width = 1_000;
const left = 150;
const right = 24;
const plotWidth = width - left - right;
const rowHeight = 15;
const panelHeight = 130;
const panelGap = 46;
const mebibyte = 1_048_576;

/** Colour-blind readers can distinguish the colours, on white and on black. */
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
  .incident { fill: var(--band); opacity: 0.75; }
  .rotation { stroke: var(--a); stroke-width: 1.5; }
  .line { fill: none; stroke-width: 1.5; stroke-linejoin: round; }
  .a { stroke: var(--a); } .b { stroke: var(--b); } .c { stroke: var(--c); } .d { stroke: var(--d); }`;

/** @param {Soak} soak */
export function renderChart(soak) {
  const { seconds, seed, stores, schedule, samples, finalState } = soak;
  const x = (/** @type {number} */ at) => left + (at / seconds) * plotWidth;
  const rowsTop = 62;
  const panelsTop = rowsTop + (incidentKinds.length + 1) * rowHeight + panelGap;
  const panels = panelsOf(samples).map((panel, index) =>
    renderPanel(panel, {
      top: panelsTop + index * (panelHeight + panelGap),
      x,
      seconds,
      incidents: schedule.incidents,
    }),
  );
  const height = panelsTop + panels.length * (panelHeight + panelGap);
  const { reads, failed, stale } = finalState.lastSample.counts;
  const heading = `${reads.toLocaleString('en-US')} reads in ${seconds} s: ${failed} failed, ${stale.toLocaleString('en-US')} returned a stale value`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${heading}">
<style>${style}
</style>
${text([24, 28], heading, { className: 'heading' })}
${text([24, 47], `Incidents at KMS (seed ${seed}, stores: ${stores}) and, below, samples of the reading process. Time in seconds.`, { className: 'quiet' })}
${incidentRows(schedule, { x, top: rowsTop })}
${panels.join('\n')}
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
  /** @param {(sample: Soak['samples'][number]) => number} total */
  const perSecond = (total) =>
    samples.slice(1).map((sample, index) => {
      const before = samples[index] ?? sample;
      return /** @type {const} */ ([sample.at, (total(sample) - total(before)) / (sample.at - before.at)]);
    });
  const heapAfterGc = samples.flatMap(({ at, heapAfterGc: bytes }) =>
    bytes === undefined ? [] : [/** @type {const} */ ([at, bytes / mebibyte])],
  );
  return [
    {
      title: 'Reads a second',
      series: [
        { label: 'fresh', points: perSecond(({ counts }) => counts.fresh) },
        { label: 'stale', points: perSecond(({ counts }) => counts.stale) },
        {
          label: 'refusable secrets: fresh or stale',
          points: perSecond(({ refusable }) => refusable.fresh + refusable.stale),
        },
        { label: 'refusable secrets: failed', points: perSecond(({ refusable }) => refusable.failed) },
      ],
    },
    {
      title: 'Memory, MiB',
      series: [
        { label: 'resident', points: each(({ rss }) => rss / mebibyte) },
        { label: 'heap in use', points: each(({ heapUsed }) => heapUsed / mebibyte) },
        { label: 'heap after a collection', points: heapAfterGc },
      ],
    },
    {
      title: 'Handles',
      series: [
        { label: 'sockets', points: each(({ resources }) => resources['TCPSocketWrap'] ?? 0) },
        { label: 'timers', points: each(({ resources }) => resources['Timeout'] ?? 0) },
        { label: 'other handles', points: each(({ resources }) => others(resources)) },
      ],
    },
    {
      title: 'Event loop delay, ms',
      series: [
        { label: 'maximum in a second', points: each(({ delay }) => delay.max) },
        { label: 'p99', points: each(({ delay }) => delay.p99) },
      ],
    },
  ];
}

/**
 * @param {import('./schedule.mjs').Schedule} schedule
 * @param {{ x: (at: number) => number; top: number }} layout
 */
function incidentRows({ incidents, rotations }, { x, top }) {
  const rows = incidentKinds.map((kind, row) => {
    const y = top + row * rowHeight;
    const marks = incidents
      .filter((incident) => incident.kind === kind)
      .map(({ from, to }) =>
        rectangle({ x: x(from), y: y + 2, width: x(to) - x(from), height: rowHeight - 4 }, 'incident'),
      );
    return [text([left - 10, y + 11], kind, { className: 'quiet', anchor: 'end' }), ...marks].join('');
  });
  const y = top + incidentKinds.length * rowHeight;
  const ticks = rotations.map(({ at }) => line({ x1: x(at), x2: x(at), y1: y + 2, y2: y + rowHeight - 2 }, 'rotation'));
  return [...rows, text([left - 10, y + 11], 'rotation', { className: 'quiet', anchor: 'end' }), ...ticks].join('\n');
}

/**
 * @param {Panel} panel
 * @param {{ top: number; x: (at: number) => number; seconds: number; incidents: readonly import('./schedule.mjs').Incident[] }} layout
 */
function renderPanel({ title, series }, { top, x, seconds, incidents }) {
  const highest = Math.max(...series.flatMap(({ points }) => points.map(([, value]) => value)));
  const ticks = ticksUpTo(highest, 4);
  const ceiling = ticks.at(-1) ?? 1;
  const y = (/** @type {number} */ value) => top + panelHeight - (value / ceiling) * panelHeight;
  const bottom = top + panelHeight;
  const parts = [
    ...incidents.map(({ from, to }) =>
      rectangle({ x: x(from), y: top, width: x(to) - x(from), height: panelHeight }, 'band'),
    ),
    ...ticks.map((tick) => line({ x1: left, x2: left + plotWidth, y1: y(tick), y2: y(tick) }, 'grid')),
    ...ticks.map((tick) =>
      text([left - 10, y(tick) + 4], tick.toLocaleString('en-US'), { className: 'quiet', anchor: 'end' }),
    ),
    ...ticksUpTo(seconds, 8)
      .filter((tick) => tick <= seconds)
      .map((tick) => text([x(tick), bottom + 15], `${tick}`, { className: 'quiet', anchor: 'middle' })),
    text([24, top - 9], title, { className: 'title' }),
    ...legend(series, top - 9),
    ...series.map(({ points }, index) =>
      polyline(
        points.map(([at, value]) => [x(at), y(value)]),
        seriesClass(index),
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
      line({ x1: from, x2: from + 18, y1: y - 4, y2: y - 4 }, `line ${seriesClass(index)}`) +
      text([from + 23, y], label, { className: 'quiet' })
    );
  });
}

/** The class that gives a series its colour; see `style`. @param {number} index */
function seriesClass(index) {
  return 'abcd'.charAt(index);
}

/**
 * Round numbers from 0 to at least `highest`.
 * @param {number} highest
 * @param {number} approximateCount of steps
 */
function ticksUpTo(highest, approximateCount) {
  const rough = Math.max(highest, 1e-3) / approximateCount;
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
 * @param {{ x: number; y: number; width: number; height: number }} box
 * @param {string} className
 */
function rectangle(box, className) {
  return element('rect', box, className);
}

/**
 * @param {{ x1: number; x2: number; y1: number; y2: number }} ends
 * @param {string} className
 */
function line(ends, className) {
  return element('line', ends, className);
}

/**
 * @param {'rect' | 'line'} name
 * @param {Readonly<Record<string, number>>} geometry
 * @param {string} className
 */
function element(name, geometry, className) {
  const attributes = Object.entries(geometry).map(([key, value]) => ` ${key}="${value.toFixed(1)}"`);
  return `<${name} class="${className}"${attributes.join('')}/>`;
}

/**
 * @param {readonly (readonly [x: number, y: number])[]} points
 * @param {string} className of the colour
 */
function polyline(points, className) {
  return `<polyline class="line ${className}" points="${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}"/>`;
}

/**
 * @param {readonly [x: number, y: number]} position
 * @param {string} content
 * @param {{ className: string; anchor?: 'start' | 'middle' | 'end' }} options
 */
function text([x, y], content, { className, anchor = 'start' }) {
  return `<text class="${className}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${content}</text>`;
}
