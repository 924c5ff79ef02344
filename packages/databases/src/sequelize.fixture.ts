import { QueryTypes } from 'sequelize';
import type { DriverUnderTest, PoolSettings } from './driver-under-test.fixture.ts';
import { rotatingSequelize } from './sequelize.ts';
import type { RotatingSequelizeOptions } from './sequelize.ts';

interface RawConnection {
  readonly connection: object;
}

/** What the type of the connection manager does not have. */
interface ManagerWithPool {
  readonly pool: { readonly size: number; readonly available: number };
  getConnection(options: object): Promise<object>;
  releaseConnection(connection: object): void;
}

/** A dialect of Sequelize for the tests that all drivers share. */
export function sequelizeUnderTest(
  dialect: RotatingSequelizeOptions['dialect'],
  { database, codes }: Pick<DriverUnderTest, 'database' | 'codes'>,
): DriverUnderTest {
  return {
    database,
    codes,
    ended: 'after the connection manager was closed',
    createPool: poolOf.bind(undefined, dialect),
  };
}

function poolOf(
  dialect: RotatingSequelizeOptions['dialect'],
  { size = 10, maxUses = Number.POSITIVE_INFINITY, ...options }: PoolSettings,
): ReturnType<DriverUnderTest['createPool']> {
  const sequelize = rotatingSequelize({ ...options, dialect, logging: false, pool: { max: size, maxUses } });
  const manager = sequelize.connectionManager as unknown as ManagerWithPool;
  const query = async (sql: string, transaction?: RawConnection): Promise<unknown> => {
    // Without a type, the dialect mariadb cannot read the rows of the driver since its version 3.5.
    const type = sql.startsWith('SELECT') ? QueryTypes.SELECT : QueryTypes.RAW;
    return sequelize.query(sql, { type, transaction: transaction as never }).catch(throwDriverCode);
  };
  return {
    pool: sequelize,
    query: (sql) => query(sql),
    async connect() {
      const connection = await manager.getConnection({}).catch(throwDriverCode);
      return {
        connection,
        query: (sql) => query(sql, { connection }),
        async release() {
          const before = manager.pool.size;
          const isClosed = new Promise<void>((resolve) => sequelize.addHook('afterDisconnect', () => resolve()));
          manager.releaseConnection(connection);
          if (manager.pool.size === before) return;
          await isClosed;
          await new Promise((resolve) => setImmediate(resolve)); // then the pool looks for waiting queries
        },
      };
    },
    connections: () => ({ total: manager.pool.size, idle: manager.pool.available }),
    end: () => sequelize.close(),
  };
}

/** Sequelize keeps the code of the driver in the error that it wraps. */
function throwDriverCode(error: Error & { readonly original?: { readonly code?: string } }): never {
  throw error.original === undefined ? error : Object.assign(error, { code: error.original.code });
}
