// @ts-check
import { rotatingPool as rotatingMariadb } from '@kms-secrets/databases/mariadb';
import { rotatingPool as rotatingMysql2 } from '@kms-secrets/databases/mysql2';
import { rotatingPool as rotatingPg } from '@kms-secrets/databases/pg';
import { Uses } from './uses.mjs';
import { queryOfMysql2 } from './mysql2-query.mjs';

const host = '127.0.0.1';
/** Milliseconds: a busy machine is no fault of a pool. */
const connectTimeout = 60_000;

/** @type {Readonly<Record<string, import('./pools.mjs').Pool>>} */
export const pools = {
  'kms-secrets, pg': {
    database: 'postgres',
    open({ secrets, secret, patience, port, size, maxUses }) {
      const pool = rotatingPg({ secrets, secret, patience, host, port, database: 'postgres', max: size, maxUses });
      return { query: () => pool.query('SELECT 1'), connect: () => pool.connect(), close: () => pool.end() };
    },
  },

  'kms-secrets, mysql2': {
    database: 'mariadb',
    open({ secrets, secret, patience, port, size, maxUses }) {
      const pool = rotatingMysql2({
        secrets,
        secret,
        patience,
        host,
        port,
        database: 'app',
        connectTimeout,
        connectionLimit: size,
      });
      const promises = pool.promise();
      return {
        query: queryOfMysql2(() => promises, maxUses),
        connect: () => promises.getConnection(),
        close: () => promises.end(),
      };
    },
  },

  'kms-secrets, mariadb': {
    database: 'mariadb',
    open({ secrets, secret, patience, port, size, maxUses }) {
      const pool = rotatingMariadb({
        secrets,
        secret,
        patience,
        host,
        port,
        database: 'app',
        connectTimeout,
        connectionLimit: size,
      });
      const uses = new Uses(maxUses);
      return {
        async query() {
          const connection = await pool.getConnection();
          try {
            await connection.query('SELECT 1');
          } finally {
            if (uses.isLast(connection.threadId)) connection.destroy();
            else await connection.release();
          }
        },
        connect: () => pool.getConnection(),
        close: () => pool.end(),
      };
    },
  },
};
