// @ts-check
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '../support/redis-server.mjs';

const key = 'a1b2c3d4'.repeat(8);

/** @typedef {import('./clients.mjs').Release & { clock: import('@kms-secrets/core').Clock }} StoreParts */

/**
 * The kinds of stores, and the client options for each. `location` is where the store keeps its data: the same for all clients
 * of a run, and a new one for each run (see `openStorage`).
 * @type {Readonly<Record<string, (location: string, parts: StoreParts) => Partial<import('@kms-secrets/core').SecretClientOptions>>>}
 */
export const storeOptions = {
  none: () => ({}),
  file: (location, { core }) => ({ stores: [core.fileStore({ path: join(location, 'secrets'), key })] }),
  redis: (location, { redis, clock }) => ({ stores: [redis.redisStore({ url: location, key, clock })] }),
};

/**
 * Creates a location for stores of this kind: a temporary folder, or a new Redis server.
 * @param {string} stores
 */
export async function openStorage(stores) {
  if (stores === 'redis') {
    const redis = await startRedis();
    return { location: redis.url, close: () => redis.stop(), redis };
  }
  const location = await mkdtemp(join(tmpdir(), 'kms-secrets-load-'));
  return { location, close: () => rm(location, { recursive: true, force: true }), redis: undefined };
}
