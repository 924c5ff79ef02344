// @ts-check
// In a process of its own: the Redis store beside the bare commands of the client that it uses.
import { redisStore } from '@kms-secrets/redis';
import { Redis } from 'ioredis';
import { inRounds } from '../measure.mjs';
import { given } from '../../support/processes.mjs';
import { benchKey, secretOf1Kb } from './secret-of-1-kb.mjs';

/** @type {{ port: number; rounds: number; times: number }} */
const { port, rounds, times } = given();
const client = new Redis(port);
const store = redisStore({ client, key: benchKey });
const request = { name: 'app/secret-0' };
const value = Buffer.alloc(1_100, 1);
let moment = 1;
await store.write(request, secretOf1Kb(moment));
await client.hset('bare', 'field', value);

const acts = {
  bareRead: () => client.hgetBuffer('bare', 'field'),
  read: () => store.read(request),
  bareWrite: () => client.hset('bare', 'field', value),
  write: () => store.write(request, secretOf1Kb((moment += 1))),
};
const oneByOne = await inRounds(acts, rounds, async (act) => {
  const begun = performance.now();
  for (let done = 0; done < times; done += 1) await act();
  return (performance.now() - begun) / times;
});
const atOnce = await inRounds(acts, rounds, async (act) => {
  const begun = performance.now();
  let left = times * 8;
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      for (; left > 0; left -= 1) await act();
    }),
  );
  return (performance.now() - begun) / (times * 8);
});
await store.close();
client.disconnect();
console.log(JSON.stringify({ oneByOne, atOnce }));
