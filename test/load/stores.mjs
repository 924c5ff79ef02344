// @ts-check
import { fileStore } from '@kms-secrets/core';
import { redisStore } from '@kms-secrets/redis';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '../support/redis-server.mjs';

const key = 'a1b2c3d4'.repeat(8);

/**
 * What outlives the process, by the name of the configuration: the options that make a client use it. `place` is where it is
 * kept, the same for all clients of a run and for no other run: see `openPlace`.
 * @type {Readonly<Record<string, (place: string) => Partial<import('@kms-secrets/core').SecretClientOptions>>>}
 */
export const storesBy = {
  none: () => ({}),
  file: (place) => ({ stores: [fileStore({ path: join(place, 'secrets'), key })] }),
  redis: (place) => ({ stores: [redisStore({ url: place, key })] }),
};

/**
 * A new place for such stores: a folder, or the address of a Redis that is started for it.
 * @param {string} stores
 */
export async function openPlace(stores) {
  if (stores === 'redis') {
    const redis = await startRedis();
    return { place: redis.url, close: () => redis.stop(), redis };
  }
  const place = await mkdtemp(join(tmpdir(), 'kms-secrets-load-'));
  return { place, close: () => rm(place, { recursive: true, force: true }), redis: undefined };
}
