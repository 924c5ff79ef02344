import type { Pool, SqlError } from 'mariadb';
import type { DriverUnderTest } from './driver-under-test.fixture.ts';
import type { RotatingMariadbOptions } from './mariadb-pool.ts';
import type { MariadbUnderTest } from './mariadb.fixture.ts';

/** A version of mariadb for the tests that all drivers share. */
export function mariadbDriverUnderTest(
  database: MariadbUnderTest,
  create: (options: RotatingMariadbOptions) => Pool,
): DriverUnderTest {
  return {
    database,
    createPool({ size = 10, maxUses, ...options }) {
      const uses = new Map<number | null, number>();
      const pool = create({
        ...options,
        connectionLimit: size,
        allowPublicKeyRetrieval: true, // full logins of MySQL 8 without TLS
        // Without it, the pool replaces connections that are closed.
        ...(maxUses === undefined && { minimumIdle: 0 }),
        ...(options.patience !== undefined && { acquireTimeout: options.patience }),
      });
      return {
        pool,
        async query(sql) {
          if (maxUses === undefined) return pool.query(sql).catch(throwCause);
          const connection = await pool.getConnection();
          const count = (uses.get(connection.threadId) ?? 0) + 1;
          uses.set(connection.threadId, count);
          const rows: unknown = await connection.query(sql);
          if (count < maxUses) await connection.release();
          else connection.destroy();
          return rows;
        },
        async connect() {
          const connection = await pool.getConnection();
          return { connection, query: (sql) => connection.query(sql), release: () => connection.release() };
        },
        connections: () => ({ total: pool.totalConnections(), idle: pool.idleConnections() }),
        end: () => pool.end(),
      };
    },
    codes: {
      rejected: 'ER_ACCESS_DENIED_ERROR',
      missingDatabase: 'ER_BAD_DB_ERROR',
      forbidden: 'ER_DBACCESS_DENIED_ERROR',
    },
    ended: 'pool is closed',
  };
}

/** The pool retries a login until its timeout, and reports why it failed as the cause. */
function throwCause(error: SqlError): never {
  throw error.code === 'ER_GET_CONNECTION_TIMEOUT' ? (error.cause ?? error) : error;
}
