import { createPool, version } from 'mariadb';
import type { Pool } from 'mariadb';
import { createRotatingPool } from './mariadb-pool.ts';
import type { RotatingMariadbOptions } from './mariadb-pool.ts';

export { AccountError } from './account-error.ts';
export type { AccountKeys } from './account.ts';
export type { RotatingMariadbOptions } from './mariadb-pool.ts';
export type { RotationOptions } from './options.ts';

/**
 * Returns a pool of `mariadb` whose connections log in with the account of a secret, and that survives its rotations: each connection
 * reads user and password; if the database rejects them, it waits for the next version. Connections that are older than a rotation are
 * closed when they return to the pool.
 *
 * The pool creates connections by itself, and its calls wait for one for up to `acquireTimeout`. Default: `patience`, at least 10 s.
 *
 * Throws a `TypeError` that lists all invalid options. Calls reject with the error of the database, which names the secret; with
 * `AccountError` if the secret holds no account; and with the error of the client if the secret cannot be read.
 */
export function rotatingPool(options: RotatingMariadbOptions): Pool {
  return createRotatingPool({ createPool, version }, options);
}
