// @ts-check
import { redisStore } from '@kms-secrets/redis';
import { Redis } from 'ioredis';
import { compare, median } from '../measure.mjs';
import { run, start } from '../../support/processes.mjs';
import { hasRedis, startRedis } from '../../support/redis-server.mjs';
import { row } from '../report.mjs';
import { benchKey, sampleSecret } from './sample-secret.mjs';

const encryption = new URL('encryption.mjs', import.meta.url);
const files = new URL('files.mjs', import.meta.url);
const redisProcess = new URL('redis.mjs', import.meta.url);
const listener = new URL('listener.mjs', import.meta.url);

/** @type {import('../bench.mjs').Group} */
export async function stores(options) {
  return [...(await sealRows(options)), ...(await fileRows(options)), ...(await redisRows(options))];
}

/** @type {import('../bench.mjs').Group} */
async function sealRows({ isQuick, log }) {
  log('sealing and unsealing 1 KB');
  const samples = await run(encryption, isQuick ? { rounds: 2, ms: 5 } : { rounds: 31, ms: 40 }, {
    flags: ['--expose-gc'],
  });
  return [
    row('seal 1 KB vs AES-256-GCM of node:crypto, ns', compare(samples, 'seal', 'encrypt'), { atMost: 1.1 }),
    row('unseal 1 KB vs AES-256-GCM of node:crypto, ns', compare(samples, 'unseal', 'decrypt'), { atMost: 1.3 }),
  ];
}

/** @type {import('../bench.mjs').Group} */
async function fileRows({ isQuick, log }) {
  const count = 1_000;
  log(`files: one write, ${count} concurrent writes, a warm start with ${count} secrets`);
  const { write, concurrent, warmStart } = await run(files, {
    rounds: isQuick ? 2 : 21,
    writes: isQuick ? 5 : 20,
    count,
  });
  return [
    row('file store: one write vs encrypt, write and sync, ms', compare(write, 'ours', 'reference'), { atMost: 1.5 }),
    row('file store: 1,000 concurrent writes vs one synced file, ms', compare(concurrent, 'ours', 'reference'), {
      atMost: 1.5,
    }),
    row(
      'file store: warm start with 1,000 vs one file read and 1,000 decryptions, ms',
      compare(warmStart, 'ours', 'reference'),
      {
        atMost: 3,
      },
    ),
  ];
}

/** @type {import('../bench.mjs').Group} */
async function redisRows({ isQuick, log }) {
  if (!hasRedis) {
    log('redis-server is not installed: the Redis rows are skipped');
    return [];
  }
  const server = await startRedis();
  try {
    log('Redis: reads and writes vs single commands');
    const { port } = server;
    const { sequential, concurrent } = await run(redisProcess, {
      port,
      rounds: isQuick ? 2 : 15,
      times: isQuick ? 50 : 500,
    });
    const listeners = isQuick ? 2 : 8;
    log(`Redis: notifying ${listeners} processes of a write`);
    const delays = await notificationDelays({ port, listeners, rounds: isQuick ? 5 : 100 });
    return [
      row('redis store: read vs HGET, ms', compare(sequential, 'read', 'hget')),
      row('redis store: write vs HSET, ms', compare(sequential, 'write', 'hset')),
      row('redis store: read vs HGET, 64 in flight, ms', compare(concurrent, 'read', 'hget'), { atMost: 2.2 }),
      row('redis store: write vs HSET, 64 in flight, ms', compare(concurrent, 'write', 'hset'), { atMost: 2.2 }),
      row(`redis store: write until ${listeners} processes are notified, p50, ms`, { ours: median(delays) }),
      row(
        `redis store: write until ${listeners} processes are notified, p99, ms`,
        { ours: percentile(delays, 0.99) },
        { within: 50 },
      ),
    ];
  } finally {
    await server.stop();
  }
}

/**
 * Milliseconds from the start of each write until the last process is notified.
 * @param {{ port: number; listeners: number; rounds: number }} options
 */
async function notificationDelays({ port, listeners, rounds }) {
  const processes = await Promise.all(Array.from({ length: listeners }, () => start(listener, { port })));
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
    const notified = processes.map((process) => process.request({}));
    // The request must arrive before the notification.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const startedAt = Number(process.hrtime.bigint()) / 1e6;
    await store.write({ name: 'app/notified' }, sampleSecret(round));
    samples.push(Math.max(...(await Promise.all(notified))) - startedAt);
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
