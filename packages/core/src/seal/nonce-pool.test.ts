import { randomFillSync } from 'node:crypto';
import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { nonceLength, NoncePool } from './nonce-pool.ts';

function nextOf(pool: NoncePool): string {
  const target = Buffer.alloc(nonceLength + 2);
  pool.writeTo(target, 1);
  expect([target[0], target.at(-1)]).toEqual([0, 0]);
  return target.toString('hex', 1, nonceLength + 1);
}

test('never returns a nonce twice, within one pool and across pools', () => {
  const pool = new NoncePool(new FakeClock());

  const nonces = Array.from({ length: 1_000 }, () => nextOf(pool));

  expect(new Set(nonces).size).toBe(1_000);
});

test('creates 64 nonces at once while the time stands still', () => {
  let fills = 0;
  const pool = new NoncePool(new FakeClock(), (bytes) => {
    fills += 1;
    randomFillSync(bytes);
  });

  for (let count = 0; count < 64; count += 1) nextOf(pool);
  expect(fills).toBe(1);
  nextOf(pool);
  expect(fills).toBe(2);
});

test('two copies of a process that continue in another millisecond share no nonce', async () => {
  const sharedBytes = randomFillSync(Buffer.alloc(64 * nonceLength));
  const clock = new FakeClock();
  const copies = [0, 1].map(() => {
    let fills = 0;
    // The first pool is the copied memory; later ones are of each copy.
    return new NoncePool(clock, (bytes) => {
      fills += 1;
      if (fills === 1) bytes.set(sharedBytes);
      else randomFillSync(bytes);
    });
  });
  expect(new Set(copies.map(nextOf)).size).toBe(1);

  await clock.pass(1);

  const nonces = copies.flatMap((pool) => [nextOf(pool), nextOf(pool)]);
  expect(new Set(nonces).size).toBe(4);
});

test('a clock that starts anew ends the pool', () => {
  let now = 5_000;
  let fills = 0;
  const pool = new NoncePool({ cachedNow: () => now }, (bytes) => {
    fills += 1;
    randomFillSync(bytes);
  });
  nextOf(pool);

  now = 3;
  nextOf(pool);

  expect(fills).toBe(2);
});
