// @ts-check
import { median } from '../measure.mjs';
import { peers } from '../peers.mjs';
import { run, start } from '../../support/processes.mjs';
import { row } from '../report.mjs';

const readers = new URL('readers.mjs', import.meta.url);
const failingUpstream = new URL('failing-upstream.mjs', import.meta.url);
const dueAtOnce = new URL('due-at-once.mjs', import.meta.url);
const kmsProcess = new URL('../kms.mjs', import.meta.url);

/** @type {import('../bench.mjs').Group} */
export async function stampede(options) {
  const sizes = options.isQuick
    ? [{ count: 1_000, maxP99: 6 }]
    : [
        { count: 10_000, maxP99: 6 },
        { count: 100_000, maxP99: 10 },
      ];
  const rows = [...(await readerRows(options)), ...(await failingUpstreamRows(options))];
  for (const size of sizes) rows.push(...(await dueRows(options, size)));
  return rows;
}

/** @type {import('../bench.mjs').Group} */
async function readerRows({ isQuick, log }) {
  const count = isQuick ? 1_000 : 10_000;
  const label = `${count.toLocaleString('en-US')} readers of one uncached name`;
  /** @type {Record<string, { requests: number; ms: number; ratio: number; upstreamMs: number }>} */
  const results = {};
  for (const contender of ['ours', ...Object.keys(peers)]) {
    log(`${label}: ${contender}`);
    const rounds = isQuick ? 2 : 7;
    /** @type {{ requests: number; ms: number; upstreamMs: number }[]} */
    const samples = await run(readers, { contender, readers: count, rounds, upstreamMs: 50 });
    results[contender] = {
      requests: Math.max(...samples.map(({ requests }) => requests)),
      ms: median(samples.map(({ ms }) => ms)),
      upstreamMs: median(samples.map(({ upstreamMs }) => upstreamMs)),
      ratio: median(samples.map(({ ms, upstreamMs }) => ms / upstreamMs)),
    };
  }
  const { ours, ...others } = results;
  if (ours === undefined) return [];
  return [
    row(`${label}: requests`, { ours: ours.requests, reference: 1 }, { within: 1 }),
    row(
      `${label} vs one upstream request, ms`,
      { ours: ours.ms, reference: ours.upstreamMs, ratio: ours.ratio },
      { atMost: 1.1 },
    ),
    ...Object.entries(others).flatMap(([peer, { requests, ms }]) => [
      row(`${label} vs ${peer}, requests`, { ours: ours.requests, reference: requests }),
      row(`${label} vs ${peer}, ms`, { ours: ours.ms, reference: ms }),
    ]),
  ];
}

/**
 * With an upstream that fails. A read that succeeds would return a value that is not a secret.
 * @type {import('../bench.mjs').Group}
 */
async function failingUpstreamRows({ log }) {
  const count = 200;
  const label = `${count} readers of a name that cannot be fetched`;
  /** @type {Record<string, { requests: number; resolved: number }>} */
  const results = {};
  for (const contender of ['ours', ...Object.keys(peers)]) {
    log(`${label}: ${contender}`);
    results[contender] = await run(failingUpstream, { contender, readers: count });
  }
  const { ours, ...others } = results;
  if (ours === undefined) return [];
  return [
    row(`${label}: requests, retries included`, { ours: ours.requests, reference: count }, { within: 5 }),
    row(`${label}: reads without an error`, { ours: ours.resolved, reference: 0 }, { within: 0 }),
    ...Object.entries(others).flatMap(([peer, { requests, resolved }]) => [
      row(`${label} vs ${peer}, requests`, { ours: ours.requests, reference: requests }),
      row(`${label} vs ${peer}, reads without an error`, { ours: ours.resolved, reference: resolved }),
    ]),
  ];
}

/**
 * @param {Parameters<import('../bench.mjs').Group>[0]} options
 * @param {{ count: number; maxP99: number }} size `maxP99`: target of the event loop delay, in milliseconds
 */
async function dueRows({ log }, { count, maxP99 }) {
  const label = `${count.toLocaleString('en-US')} secrets due at once`;
  log(`${label}, over the loopback interface`);
  const kms = await start(kmsProcess, {});
  const measured = await run(dueAtOnce, { count, kms: kms.ready.lean });
  return [
    row(`${label}: timers that they add`, { ours: measured.timers, reference: count }, { within: 1 }),
    row(`${label}: maximum of requests in flight`, { ours: measured.inFlight, reference: count }, { within: 16 }),
    row(`${label}: requests`, { ours: measured.fetches, reference: count }, { atMost: 1 }),
    row(`${label}: event loop delay, p99, ms`, { ours: measured.p99 }, { within: maxP99 }),
    row(`${label}: event loop delay, maximum, ms`, { ours: measured.max }, { within: 20 }),
    row(`${label}: duration until all are fresh, ms`, { ours: measured.duration }),
  ];
}
