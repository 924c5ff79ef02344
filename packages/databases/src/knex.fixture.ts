import type { Knex } from 'knex';
import type pg from 'pg';
import type { DatabaseUnderTest, DriverUnderTest, PoolSettings } from './driver-under-test.fixture.ts';
import { rotatingKnex } from './knex.ts';
import { mysqlCodes } from './mysql2.fixture.ts';
import { rotatingPool as mysql2Pool } from './mysql2.ts';
import { rotatingPool as pgPool } from './pg.ts';
import { postgresCodes } from './postgres.fixture.ts';

interface KnexUnderTest extends Pick<DriverUnderTest, 'database' | 'codes'> {
  readonly create: (options: PoolSettings) => Knex;
  /** The rows of a result of `raw()`. */
  readonly rowsOf: (result: unknown) => unknown;
  readonly connections: (db: Knex) => { readonly total: number; readonly idle: number };
}

interface RawClient {
  acquireConnection(): Promise<object>;
  releaseConnection(connection: object): Promise<void>;
}

const log = { warn: () => {} }; // knex warns of each failed connection

export function knexOnPg(database: DatabaseUnderTest): DriverUnderTest {
  return knexUnderTest({
    database,
    codes: postgresCodes,
    create: ({ size = 10, ...options }) =>
      rotatingKnex({ client: 'pg', connectionPool: pgPool({ ...options, max: size }), log }),
    rowsOf: (result) => (result as pg.QueryResult).rows,
    connections(db) {
      const pool = poolOf(db) as pg.Pool;
      return { total: pool.totalCount, idle: pool.idleCount };
    },
  });
}

export function knexOnMysql2(database: DatabaseUnderTest): DriverUnderTest {
  return knexUnderTest({
    database,
    codes: mysqlCodes,
    create: ({ size = 10, ...options }) =>
      rotatingKnex({ client: 'mysql2', connectionPool: mysql2Pool({ ...options, connectionLimit: size }), log }),
    rowsOf: (result) => (result as unknown[])[0],
    connections(db) {
      const { _allConnections: all, _freeConnections: free } = poolOf(db) as Record<string, { length: number }>;
      return { total: all?.length ?? -1, idle: free?.length ?? -1 };
    },
  });
}

function poolOf(db: Knex): unknown {
  return (db.client as { config: { connectionPool: unknown } }).config.connectionPool;
}

/** An instance of knex for the tests that all drivers share. */
function knexUnderTest({ database, codes, create, rowsOf, connections }: KnexUnderTest): DriverUnderTest {
  return {
    database,
    codes,
    ended: 'Unable to acquire a connection',
    createPool({ maxUses, ...options }) {
      const db = create(options);
      const client = db.client as RawClient;
      const uses = new WeakMap<object, number>();
      const query = async (sql: string, connection?: object): Promise<unknown> => {
        const raw = db.raw(sql);
        return rowsOf(await (connection === undefined ? raw : raw.connection(connection)));
      };
      const connect = async () => {
        const connection = await client.acquireConnection();
        return {
          connection,
          query: (sql: string) => query(sql, connection),
          release: () => client.releaseConnection(connection),
        };
      };
      return {
        pool: db,
        async query(sql) {
          if (maxUses === undefined) return query(sql);
          const connection = await client.acquireConnection();
          const count = (uses.get(connection) ?? 0) + 1;
          uses.set(connection, count);
          try {
            return await query(sql, connection);
          } finally {
            if (count >= maxUses) Object.assign(connection, { __knex__disposed: 'used up' }); // then knex closes it
            await client.releaseConnection(connection);
          }
        },
        connect,
        connections: () => connections(db),
        end: () => db.destroy(),
      };
    },
  };
}
