// @ts-check
// What services do without @kms-secrets/databases.
import mysql from 'mysql2';
import pg from 'pg';
import { accountOf } from './account-of.mjs';
import { queryOfMysql2 } from './mysql2-query.mjs';

const host = '127.0.0.1';
/** Milliseconds: a busy machine is no fault of a pool. */
const connectTimeout = 60_000;

/** @type {Readonly<Record<string, import('./pools.mjs').Pool>>} */
export const pools = {
  'pg, static password': {
    database: 'postgres',
    async open(task) {
      return pgPool(task, await accountOf(task));
    },
  },

  'pg, `password: async` with our cache': {
    database: 'postgres',
    async open(task) {
      const { user } = await accountOf(task);
      return pgPool(task, { user, password: async () => (await accountOf(task)).password });
    },
  },

  'mysql2, static password': {
    database: 'mariadb',
    async open(task) {
      const pool = mysqlPool(task, await accountOf(task));
      return { query: queryOfMysql2(() => pool, task.maxUses), close: () => pool.end() };
    },
  },

  'mysql2, rebuilt on `rotated`': {
    database: 'mariadb',
    async open(task) {
      let pool = mysqlPool(task, await accountOf(task));
      task.secrets.on(
        'rotated',
        async () => {
          const old = pool;
          pool = mysqlPool(task, await accountOf(task));
          await old.end();
        },
        { name: task.secret },
      );
      return { query: queryOfMysql2(() => pool, task.maxUses), close: () => pool.end() };
    },
  },
};

/**
 * @param {import('./pools.mjs').PoolTask} task
 * @param {Pick<pg.PoolConfig, 'user' | 'password'>} account
 * @returns {import('./pools.mjs').OpenPool}
 */
function pgPool({ port, size, maxUses }, account) {
  const pool = new pg.Pool({ host, port, database: 'postgres', max: size, maxUses, ...account });
  pool.on('error', () => {}); // an idle connection that the database closes
  return { query: () => pool.query('SELECT 1'), close: () => pool.end() };
}

/**
 * @param {import('./pools.mjs').PoolTask} task
 * @param {{ user: string; password: string }} account
 */
function mysqlPool({ port, size }, account) {
  return mysql.createPool({ host, port, database: 'app', connectTimeout, connectionLimit: size, ...account }).promise();
}
