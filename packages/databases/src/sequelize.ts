import { Sequelize } from 'sequelize';
import { createRotatingSequelize } from './sequelize-logins.ts';
import type { RotatingSequelizeOptions } from './sequelize-logins.ts';

export { AccountError } from './account-error.ts';
export type { AccountKeys } from './account.ts';
export type { RotationOptions } from './options.ts';
export type { RotatingSequelizeOptions } from './sequelize-logins.ts';

/**
 * Returns a `Sequelize` whose connections log in with the account of a secret, and that survives its rotations: each connection reads
 * user and password; if the database rejects them, it waits for the next version for up to `patience`. Connections that are older than a
 * rotation are closed when they return to the pool.
 *
 * Throws a `TypeError` that lists all invalid options. Queries reject with the error of Sequelize, which names the secret; with
 * `AccountError` if the secret holds no account; and with the error of the client if the secret cannot be read.
 */
export function rotatingSequelize(options: RotatingSequelizeOptions): Sequelize {
  return createRotatingSequelize((config) => new Sequelize(config), options);
}
