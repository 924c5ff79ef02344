// @ts-check
// Pools for the database of a secret: those of @kms-secrets/databases, ORMs on them, and what services use without it.
import * as orms from './orm-pools.mjs';
import * as ours from './our-pools.mjs';
import * as recipes from './recipes.mjs';

/**
 * What a pool needs. Its connections are renewed after `maxUses` queries, as under changing load.
 * @typedef {object} PoolTask
 * @property {number} port
 * @property {string} secret
 * @property {import('@kms-secrets/core').SecretClient} secrets
 * @property {number} patience milliseconds
 * @property {number} size
 * @property {number} maxUses
 */

/**
 * @typedef {object} OpenPool
 * @property {() => Promise<unknown>} query
 * @property {() => Promise<OpenConnection>} [connect]
 * @property {() => Promise<unknown>} close
 */
/** @typedef {{ query: (sql: string) => Promise<unknown>; release: () => unknown }} OpenConnection */

/** @typedef {{ database: 'postgres' | 'mariadb'; open: (task: PoolTask) => OpenPool | Promise<OpenPool> }} Pool */

/** @type {Readonly<Record<string, Pool>>} */
export const pools = { ...recipes.pools, ...ours.pools, ...orms.pools };
