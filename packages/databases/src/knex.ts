import library from 'knex'; // its named exports are not visible to Node.js
import type { Knex } from 'knex';
import { createRotatingKnex } from './knex-on-pool.ts';
import type { RotatingKnexOptions } from './knex-on-pool.ts';

export type { RotatingKnexOptions, RotatingKnexPool } from './knex-on-pool.ts';

/**
 * Returns a `knex` instance on a rotating pool, so that its queries survive the rotations of the secret of the pool. `destroy()` ends the
 * pool.
 *
 * Throws a `TypeError` that lists all invalid options, and for a version of knex that accepts no pool. Queries reject with the errors of
 * the pool.
 */
export function rotatingKnex(options: RotatingKnexOptions): Knex {
  return createRotatingKnex(library.knex, options);
}
