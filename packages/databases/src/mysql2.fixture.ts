import type { Pool } from 'mysql2';
import type { DriverUnderTest, PoolUnderTest } from './driver-under-test.fixture.ts';
import type { MariadbUnderTest } from './mariadb.fixture.ts';
import type { RotatingMysql2Options } from './mysql2-pool.ts';

/** What MariaDB reports for a rejected account, a missing database, and a missing privilege. */
export const mysqlCodes = {
  rejected: 'ER_ACCESS_DENIED_ERROR',
  missingDatabase: 'ER_BAD_DB_ERROR',
  forbidden: 'ER_DBACCESS_DENIED_ERROR',
} as const;

/** A version of mysql2 for the tests that all drivers share. */
export function mysql2UnderTest(
  database: MariadbUnderTest,
  create: (options: RotatingMysql2Options) => Pool,
): DriverUnderTest {
  return {
    database,
    createPool: ({ size = 10, maxUses, ...options }) =>
      poolUnderTest(create({ ...options, connectionLimit: size }), maxUses),
    codes: mysqlCodes,
    ended: 'Pool is closed',
  };
}

function poolUnderTest(pool: Pool, maxUses: number | undefined): PoolUnderTest {
  const promises = pool.promise();
  const uses = new WeakMap<object, number>();
  return {
    pool,
    async query(sql) {
      if (maxUses === undefined) {
        // With a callback: promises of the oldest version reject with copies of the errors.
        return new Promise((resolve, reject) => {
          pool.query(sql, (error, rows) => (error === null ? resolve(rows) : reject(error)));
        });
      }
      const connection = await promises.getConnection();
      const count = (uses.get(connection.connection) ?? 0) + 1;
      uses.set(connection.connection, count);
      const [rows] = await connection.query(sql);
      if (count < maxUses) connection.release();
      else connection.destroy();
      return rows;
    },
    async connect() {
      const connection = await promises.getConnection();
      return {
        connection,
        query: async (sql) => (await connection.query(sql))[0],
        release: () => connection.release(),
      };
    },
    connections() {
      const { _allConnections: all, _freeConnections: free } = pool as unknown as Record<string, { length: number }>;
      return { total: all?.length ?? -1, idle: free?.length ?? -1 };
    },
    end: () => promises.end(),
  };
}
