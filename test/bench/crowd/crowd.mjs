// @ts-check
import { median } from '../measure.mjs';
import { peers } from '../peers.mjs';
import { run, start } from '../../support/processes.mjs';
import { row } from '../report.mjs';

const readers = new URL('readers.mjs', import.meta.url);
const turnedAway = new URL('turned-away.mjs', import.meta.url);
const dueProcess = new URL('due.mjs', import.meta.url);
const kmsProcess = new URL('../kms.mjs', import.meta.url);

/** @type {import('../bench.mjs').Group} */
export async function crowd(choice) {
  const due = choice.isQuick
    ? [{ count: 1_000, p99: 6 }]
    : [
        { count: 10_000, p99: 6 },
        { count: 100_000, p99: 10 },
      ];
  const rows = [...(await readerRows(choice)), ...(await turnedAwayRows(choice))];
  for (const size of due) rows.push(...(await dueRows(choice, size)));
  return rows;
}

/** @type {import('../bench.mjs').Group} */
async function readerRows({ isQuick, say }) {
  const many = isQuick ? 1_000 : 10_000;
  const of = `${many.toLocaleString('en-US')} readers of one cold name`;
  /** @type {Record<string, { requests: number; ms: number; share: number; upstream: number }>} */
  const by = {};
  for (const way of ['ours', ...Object.keys(peers)]) {
    say(`${of}: ${way}`);
    const rounds = isQuick ? 2 : 7;
    /** @type {{ requests: number; ms: number; upstreamMs: number }[]} */
    const samples = await run(readers, { way, readers: many, rounds, upstreamMs: 50 });
    by[way] = {
      requests: Math.max(...samples.map(({ requests }) => requests)),
      ms: median(samples.map(({ ms }) => ms)),
      upstream: median(samples.map(({ upstreamMs }) => upstreamMs)),
      share: median(samples.map(({ ms, upstreamMs }) => ms / upstreamMs)),
    };
  }
  const { ours, ...others } = by;
  if (ours === undefined) return [];
  return [
    row(`${of}: requests`, { ours: ours.requests, reference: 1 }, { within: 1 }),
    row(
      `${of} beside the upstream alone, ms`,
      { ours: ours.ms, reference: ours.upstream, ratio: ours.share },
      { atMost: 1.1 },
    ),
    ...Object.entries(others).flatMap(([peer, { requests, ms }]) => [
      row(`${of} beside ${peer}: requests`, { ours: ours.requests, reference: requests }),
      row(`${of} beside ${peer}, ms`, { ours: ours.ms, reference: ms }),
    ]),
  ];
}

/**
 * With the upstream away. An answer without an error would be no secret.
 * @type {import('../bench.mjs').Group}
 */
async function turnedAwayRows({ say }) {
  const many = 200;
  const of = `${many} readers of a name that cannot be fetched`;
  /** @type {Record<string, { requests: number; answered: number }>} */
  const by = {};
  for (const way of ['ours', ...Object.keys(peers)]) {
    say(`${of}: ${way}`);
    by[way] = await run(turnedAway, { way, readers: many });
  }
  const { ours, ...others } = by;
  if (ours === undefined) return [];
  return [
    row(`${of}: requests, all tries`, { ours: ours.requests, reference: many }, { within: 5 }),
    row(`${of}: answered without an error`, { ours: ours.answered, reference: 0 }, { within: 0 }),
    ...Object.entries(others).flatMap(([peer, { requests, answered }]) => [
      row(`${of} beside ${peer}: requests`, { ours: ours.requests, reference: requests }),
      row(`${of} beside ${peer}: answered without an error`, { ours: ours.answered, reference: answered }),
    ]),
  ];
}

/**
 * @param {Parameters<import('../bench.mjs').Group>[0]} choice
 * @param {{ count: number; p99: number }} size how many, and how long the event loop may be held up then, in milliseconds
 */
async function dueRows({ say }, { count, p99 }) {
  const of = `${count.toLocaleString('en-US')} secrets due at once`;
  say(`${of}, over loopback`);
  const kms = await start(kmsProcess, {});
  const seen = await run(dueProcess, { count, kms: kms.ready.lean });
  return [
    row(`${of}: timers that wait for them`, { ours: seen.timersWaiting, reference: count }, { within: 1 }),
    row(`${of}: requests in flight, at most`, { ours: seen.inFlight, reference: count }, { within: 16 }),
    row(`${of}: requests`, { ours: seen.fetches, reference: count }, { atMost: 1 }),
    row(`${of}: delay of the event loop, p99, ms`, { ours: seen.p99 }, { within: p99 }),
    row(`${of}: delay of the event loop, longest, ms`, { ours: seen.max }, { within: 20 }),
    row(`${of}: until all are fresh, ms`, { ours: seen.lasted }),
  ];
}
