// @ts-check
// ORMs on the pools of @kms-secrets/databases.
import { rotatingKnex } from '@kms-secrets/databases/knex';
import { rotatingPool as rotatingMysql2 } from '@kms-secrets/databases/mysql2';
import { rotatingPool as rotatingPg } from '@kms-secrets/databases/pg';
import { rotatingSequelize } from '@kms-secrets/databases/sequelize';
import { PrismaPg } from '@prisma/adapter-pg';
import { sql as drizzleSql } from 'drizzle-orm';
import { drizzle as drizzleMysql2 } from 'drizzle-orm/mysql2';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import { Kysely, MysqlDialect, PostgresDialect, sql as kyselySql } from 'kysely';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { Uses } from './uses.mjs';

/** @typedef {import('./pools.mjs').PoolTask} PoolTask */
/** @typedef {import('./pools.mjs').OpenPool} OpenPool */

const host = '127.0.0.1';
const select = 'SELECT 1';
const log = { warn: () => {} }; // Knex warns of each failed connection

/** @param {PoolTask} task */
function pgPool({ secrets, secret, port, size, maxUses }) {
  return rotatingPg({ secrets, secret, host, port, database: 'postgres', max: size, maxUses });
}

/** A pool whose connections are closed when they are released for the last time. @param {PoolTask} task */
function mysql2Pool({ secrets, secret, port, size, maxUses }) {
  const server = { host, port, database: 'app', connectTimeout: 60_000 };
  const pool = rotatingMysql2({ secrets, secret, ...server, connectionLimit: size });
  const uses = new Uses(maxUses);
  pool.on('release', (connection) => {
    if (uses.isLast(connection)) connection.destroy();
  });
  return pool;
}

/** @param {Kysely<unknown>} db @returns {OpenPool} */
function onKysely(db) {
  return { query: () => kyselySql.raw(select).execute(db), close: () => db.destroy() };
}

/** @param {DataSource} source @returns {Promise<OpenPool>} */
async function onTypeOrm(source) {
  await source.initialize();
  return { query: () => source.query(select), close: () => source.destroy() };
}

/** @param {ReturnType<typeof rotatingKnex>} db @returns {OpenPool} */
function onKnex(db) {
  return { query: async () => db.raw(select), close: () => db.destroy() };
}

/**
 * @param {PoolTask} task
 * @param {'postgres' | 'mysql'} dialect
 * @returns {OpenPool}
 */
function onSequelize({ secrets, secret, port, size, maxUses }, dialect) {
  const database = dialect === 'postgres' ? 'postgres' : 'app';
  const pool = { max: size, maxUses };
  const db = rotatingSequelize({ secrets, secret, dialect, host, port, database, pool, logging: false });
  return { query: () => db.query(select), close: () => db.close() };
}

/** @type {Readonly<Record<string, import('./pools.mjs').Pool>>} */
export const pools = {
  'Drizzle on kms-secrets, pg': {
    database: 'postgres',
    open(task) {
      const pool = pgPool(task);
      const db = drizzlePg({ client: pool });
      return { query: () => db.execute(drizzleSql.raw(select)), close: () => pool.end() };
    },
  },
  'Drizzle on kms-secrets, mysql2': {
    database: 'mariadb',
    open(task) {
      const pool = mysql2Pool(task);
      const db = drizzleMysql2({ client: pool });
      return { query: () => db.execute(drizzleSql.raw(select)), close: () => pool.promise().end() };
    },
  },
  'Kysely on kms-secrets, pg': {
    database: 'postgres',
    open: (task) => onKysely(new Kysely({ dialect: new PostgresDialect({ pool: pgPool(task) }) })),
  },
  'Kysely on kms-secrets, mysql2': {
    database: 'mariadb',
    open: (task) => onKysely(new Kysely({ dialect: new MysqlDialect({ pool: mysql2Pool(task) }) })),
  },
  'the adapter of Prisma on kms-secrets, pg': {
    database: 'postgres',
    async open(task) {
      const pool = pgPool(task);
      const adapter = await new PrismaPg(pool).connect();
      return { query: () => adapter.queryRaw({ sql: select, args: [], argTypes: [] }), close: () => pool.end() };
    },
  },
  'TypeORM on kms-secrets, pg': {
    database: 'postgres',
    open(task) {
      const pool = pgPool(task);
      /** It calls the constructor with its own options. */
      function Pool() {
        return pool;
      }
      return onTypeOrm(new DataSource({ type: 'postgres', driver: { ...pg, Pool } }));
    },
  },
  'TypeORM on kms-secrets, mysql2': {
    database: 'mariadb',
    open(task) {
      const pool = mysql2Pool(task);
      return onTypeOrm(new DataSource({ type: 'mysql', driver: { createPool: () => pool } }));
    },
  },
  'Knex on kms-secrets, pg': {
    database: 'postgres',
    open: (task) => onKnex(rotatingKnex({ client: 'pg', connectionPool: pgPool(task), log })),
  },
  'Knex on kms-secrets, mysql2': {
    database: 'mariadb',
    open: (task) => onKnex(rotatingKnex({ client: 'mysql2', connectionPool: mysql2Pool(task), log })),
  },
  'Sequelize of kms-secrets, pg': { database: 'postgres', open: (task) => onSequelize(task, 'postgres') },
  'Sequelize of kms-secrets, mysql2': { database: 'mariadb', open: (task) => onSequelize(task, 'mysql') },
};
