// @ts-check
// Runs in its own process. Measures the Redis store against single commands of the same Redis client.
import { redisStore } from '@kms-secrets/redis';
import { Redis } from 'ioredis';
import { inRounds } from '../measure.mjs';
import { readTask } from '../../support/processes.mjs';
import { benchKey, sampleSecret } from './sample-secret.mjs';

/** @type {{ port: number; rounds: number; times: number }} */
const { port, rounds, times } = readTask();
const client = new Redis(port);
const store = redisStore({ client, key: benchKey });
const request = { name: 'app/secret-0' };
const value = Buffer.alloc(1_100, 1);
let fetchedAt = 1;
await store.write(request, sampleSecret(fetchedAt));
await client.hset('bare', 'field', value);

const actions = {
  hget: () => client.hgetBuffer('bare', 'field'),
  read: () => store.read(request),
  hset: () => client.hset('bare', 'field', value),
  write: () => store.write(request, sampleSecret((fetchedAt += 1))),
};
const sequentially = async (/** @type {() => Promise<unknown>} */ action) => {
  const startedAt = performance.now();
  for (let done = 0; done < times; done += 1) await action();
  return (performance.now() - startedAt) / times;
};
const concurrently = async (/** @type {() => Promise<unknown>} */ action) => {
  const startedAt = performance.now();
  let remaining = times * 8;
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      for (; remaining > 0; remaining -= 1) await action();
    }),
  );
  return (performance.now() - startedAt) / (times * 8);
};
// Rounds that do not count: V8 optimizes the functions during the first thousands of calls.
await inRounds(actions, 2, sequentially);
await inRounds(actions, 2, concurrently);
const sequential = await inRounds(actions, rounds, sequentially);
const concurrent = await inRounds(actions, rounds, concurrently);
await store.close();
client.disconnect();
console.log(JSON.stringify({ sequential, concurrent }));
