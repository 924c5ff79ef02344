// @ts-check
// Measures the rotation lag with push on loopback: from a rotation in the fake KMS to the event `rotated` of a client. Prints the
// quantiles for a webhook, for another process of its fleet with Redis, and for a queue.
//     node lag.mjs [rotations]
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecretClient } from '@kms-secrets/core';
import { nodeHandler, rotationQueue, rotationWebhook } from '@kms-secrets/push';
import { redisStore } from '@kms-secrets/redis';
import { startFakeEvents, startFakeKms, startFakeMns } from '@kms-secrets/testing';
import { hasRedis, startRedis } from '../support/redis-server.mjs';
import { quantile } from './quantile.mjs';

const rotations = Number(process.argv[2] ?? 500);
const names = Array.from({ length: 100 }, (_, index) => `secret-${index}`);
/** Between rotations (ms): with 100 names, each rotates every two seconds. */
const pause = 20;
const key = 'a1b2c3d4'.repeat(8);

const kms = await startFakeKms({ quota: false });
const events = await startFakeEvents(kms);
for (const name of names) kms.put(name, `s3cret-${name}`);
/** When each version was published. @type {Map<string, number>} */
const publishedAt = new Map();

/**
 * A client with all secrets in memory. Returns it with the lags that it sees.
 * @param {Partial<import('@kms-secrets/core').SecretClientOptions>} [options]
 */
async function startClient(options = {}) {
  const [endpoint] = kms.endpoints;
  const client = createSecretClient({
    endpoints: [{ endpoint: endpoint?.endpoint ?? '', caFilePath: kms.caFilePath }],
    credentials: { type: 'ak', ...kms.accessKey },
    ttl: '1h',
    precedence: 'code-only',
    ...options,
  });
  await client.getMany(names);
  /** @type {number[]} */
  const lags = [];
  client.on('rotated', ({ versionId = '' }) => {
    // In memory after a refresh that started before `rotate` has returned.
    const arrivedAt = performance.now();
    queueMicrotask(() => lags.push(arrivedAt - (publishedAt.get(versionId) ?? arrivedAt)));
  });
  return { client, lags };
}

/** @param {import('@kms-secrets/core').SecretClient} client */
async function serveWebhook(client) {
  const server = createServer((request, response) => void handle(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const url = `http://127.0.0.1:${address.port}/hooks/kms`;
  const eventBridge = { url, testCertificateOrigin: events.certificateOrigin };
  const handle = nodeHandler(
    rotationWebhook(client, { accounts: ['1234567890123456'], regions: ['cn-hangzhou'], eventBridge }),
  );
  const stop = events.sendTo({ eventBridge: url });
  return () => {
    stop();
    server.close();
    server.closeAllConnections();
  };
}

async function rotateAll() {
  for (let count = 0; count < rotations; count += 1) {
    const startedAt = performance.now();
    const versionId = kms.rotate(names[count % names.length] ?? '');
    publishedAt.set(versionId, startedAt);
    await sleep(pause);
  }
  await sleep(3_000);
}

/**
 * @param {string} label
 * @param {readonly number[]} lags
 */
function print(label, lags) {
  const ascending = lags.toSorted((one, other) => one - other);
  const ms = [0.5, 0.99, 1].map((share) => `${quantile(ascending, share).toFixed(1).padStart(8)} ms`);
  console.log(`${label.padEnd(34)} ${String(lags.length).padStart(5)} of ${rotations} ${ms.join(' ')}`);
}

console.log(
  `${'rotation lag with'.padEnd(34)} ${'arrived'.padStart(12)} ${'p50'.padStart(11)} ${'p99'.padStart(11)} ${'max'.padStart(11)}`,
);
const alone = await startClient();
const stopAlone = await serveWebhook(alone.client);
kms.clearRequests();
await rotateAll();
print('a webhook', alone.lags);
console.log(`${'requests to KMS'.padEnd(34)} ${(kms.requests.length / rotations).toFixed(2)} per rotation`);
stopAlone();
await alone.client.close();

if (hasRedis) {
  const redis = await startRedis();
  const receiver = await startClient({ stores: [redisStore({ url: redis.url, key })] });
  const other = await startClient({ stores: [redisStore({ url: redis.url, key })] });
  const stop = await serveWebhook(receiver.client);
  await rotateAll();
  print('a webhook, with Redis', receiver.lags);
  print('Redis, in another process', other.lags);
  stop();
  await receiver.client.close();
  await other.client.close();
  await redis.stop();
}

const mns = await startFakeMns({ accessKey: kms.accessKey });
const polling = await startClient();
const queue = rotationQueue(polling.client, { endpoint: mns.endpoint, queue: 'rotations' });
events.sendTo({ queue: mns.createQueue('rotations') });
await rotateAll();
print('a queue', polling.lags);
await polling.client.close();
await queue.close();
await mns.close();
await events.close();
await kms.close();
