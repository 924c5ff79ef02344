// @ts-check
import { redisStore } from '@kms-secrets/redis';
import { Redis } from 'ioredis';
import { compare, median } from '../measure.mjs';
import { run, start } from '../../support/processes.mjs';
import { hasRedis, startRedis } from '../../support/redis-server.mjs';
import { row } from '../report.mjs';
import { benchKey, secretOf1Kb } from './secret-of-1-kb.mjs';

const sealing = new URL('sealing.mjs', import.meta.url);
const files = new URL('files.mjs', import.meta.url);
const redisProcess = new URL('redis.mjs', import.meta.url);
const hears = new URL('hears.mjs', import.meta.url);

/** @type {import('../bench.mjs').Group} */
export async function stores(choice) {
  return [...(await sealRows(choice)), ...(await fileRows(choice)), ...(await redisRows(choice))];
}

/** @type {import('../bench.mjs').Group} */
async function sealRows({ isQuick, say }) {
  say('sealing and opening 1 KB');
  const samples = await run(sealing, isQuick ? { rounds: 2, ms: 5 } : { rounds: 31, ms: 40 }, {
    flags: ['--expose-gc'],
  });
  return [
    row('seal 1 KB beside bare AES-256-GCM, ns', compare(samples, 'seal', 'bareSeal'), { atMost: 1.3 }),
    row('open 1 KB beside bare AES-256-GCM, ns', compare(samples, 'open', 'bareOpen'), { atMost: 1.3 }),
  ];
}

/** @type {import('../bench.mjs').Group} */
async function fileRows({ isQuick, say }) {
  const count = 1_000;
  say(`files: one write, ${count} together, a warm start of ${count}`);
  const { write, together, warm } = await run(files, { rounds: isQuick ? 2 : 21, writes: isQuick ? 5 : 20, count });
  return [
    row('file store: a write beside seal, write and sync, ms', compare(write, 'ours', 'bare'), { atMost: 1.5 }),
    row('file store: 1,000 writes together beside one synced file, ms', compare(together, 'ours', 'bare'), {
      atMost: 1.5,
    }),
    row('file store: warm start of 1,000 beside one read and 1,000 opens, ms', compare(warm, 'ours', 'bare'), {
      atMost: 3,
    }),
  ];
}

/** @type {import('../bench.mjs').Group} */
async function redisRows({ isQuick, say }) {
  if (!hasRedis) {
    say('redis-server is not installed: its rows are left out');
    return [];
  }
  const server = await startRedis();
  try {
    say('Redis: reads and writes beside bare commands');
    const { port } = server;
    const { oneByOne, atOnce } = await run(redisProcess, { port, rounds: isQuick ? 2 : 15, times: isQuick ? 50 : 500 });
    const listeners = isQuick ? 2 : 8;
    say(`Redis: a write heard by ${listeners} processes`);
    const heard = await heardAfter({ port, listeners, rounds: isQuick ? 5 : 100 });
    return [
      row('redis store: a read beside HGET, ms', compare(oneByOne, 'read', 'bareRead')),
      row('redis store: a write beside HSET, ms', compare(oneByOne, 'write', 'bareWrite')),
      row('redis store: a read beside HGET, 64 in flight, ms', compare(atOnce, 'read', 'bareRead')),
      row('redis store: a write beside HSET, 64 in flight, ms', compare(atOnce, 'write', 'bareWrite')),
      row(`redis store: a write heard by all of ${listeners} processes, p50, ms`, { ours: median(heard) }),
      row(
        `redis store: a write heard by all of ${listeners} processes, p99, ms`,
        { ours: percentile(heard, 0.99) },
        { within: 50 },
      ),
    ];
  } finally {
    await server.stop();
  }
}

/**
 * Milliseconds from the beginning of a write to the last process that hears of it, write by write.
 * @param {{ port: number; listeners: number; rounds: number }} size
 */
async function heardAfter({ port, listeners, rounds }) {
  const processes = await Promise.all(Array.from({ length: listeners }, () => start(hears, { port })));
  const admin = new Redis(port);
  const store = redisStore({ client: admin, key: benchKey });
  /** @type {unknown[]} */
  let subscribed = [];
  while (subscribed[1] !== listeners) {
    subscribed = /** @type {unknown[]} */ (await admin.call('PUBSUB', 'NUMSUB', 'kms-secrets:news'));
  }
  /** @type {number[]} */
  const samples = [];
  for (let round = 1; round <= rounds; round += 1) {
    const answers = processes.map((one) => one.ask({}));
    // The question has to be there before what it asks for.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const begun = Number(process.hrtime.bigint()) / 1e6;
    await store.write({ name: 'app/heard' }, secretOf1Kb(round));
    const ends = await Promise.all(answers);
    samples.push(Math.max(...ends) - begun);
  }
  await store.close();
  admin.disconnect();
  return samples;
}

/**
 * @param {readonly number[]} samples
 * @param {number} share
 */
function percentile(samples, share) {
  const sorted = samples.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
