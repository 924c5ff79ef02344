import { AbstractConnector, Redis, ReplyError } from 'ioredis';
import { createRotatingRedis } from './ioredis-client.ts';
import type { IoredisDriver, RotatingRedisOptions } from './ioredis-client.ts';

export { AccountError } from './account-error.ts';
export type { AccountKeys } from './account.ts';
export type { RotatingRedisOptions } from './ioredis-client.ts';
export type { RotationOptions } from './options.ts';

/**
 * Returns a `Redis` of `ioredis` that logs in with the account of a secret, and that survives its rotations: each connection reads user
 * and password; if Redis rejects them, it waits for the next version for up to `patience`, while commands wait in the offline queue.
 * After a rotation, an open connection logs in with the new account, outside of transactions. `duplicate()` does the same.
 *
 * Throws a `TypeError` that lists all invalid options. Commands reject with the error of Redis, which names the secret; with
 * `AccountError` if the secret holds no account; and with the error of the client if the secret cannot be read.
 */
export function rotatingRedis(options: RotatingRedisOptions): Redis {
  // The types of the driver do not have the class of its errors.
  const driver: IoredisDriver = { Redis, AbstractConnector, ReplyError: ReplyError as IoredisDriver['ReplyError'] };
  return createRotatingRedis(driver, options);
}
