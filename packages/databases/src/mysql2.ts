import { createPool } from 'mysql2';
import type { Pool } from 'mysql2';
import { createRotatingPool } from './mysql2-pool.ts';
import type { RotatingMysql2Options } from './mysql2-pool.ts';

export { AccountError } from './account-error.ts';
export type { AccountKeys } from './account.ts';
export type { RotatingMysql2Options } from './mysql2-pool.ts';
export type { RotationOptions } from './options.ts';

/**
 * Returns a pool of `mysql2` whose connections log in with the account of a secret, and that survives its rotations: each connection reads
 * user and password; if the database rejects them, it waits for the next version for up to `patience`. Connections that are older than a
 * rotation are closed when they return to the pool. `pool.promise()` is the pool of `mysql2/promise`.
 *
 * Throws a `TypeError` that lists all invalid options. Connections fail with the error of the database, which names the secret; with
 * `AccountError` if the secret holds no account; and with the error of the client if the secret cannot be read.
 */
export function rotatingPool(options: RotatingMysql2Options): Pool {
  return createRotatingPool(createPool, options);
}
