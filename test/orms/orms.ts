import { PrismaPg } from '@prisma/adapter-pg';
import { sql as drizzleSql } from 'drizzle-orm';
import { drizzle as drizzleMysql2 } from 'drizzle-orm/mysql2';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import { Kysely, MysqlDialect, PostgresDialect, sql as kyselySql } from 'kysely';
import type { Pool as Mysql2Pool } from 'mysql2';
import pg from 'pg';
import PgBoss from 'pg-boss';
import { DataSource } from 'typeorm';
import { generatePrismaClient } from './prisma-client.ts';

/** An ORM on a pool. */
export interface Orm {
  /** Counts the rows of the table `Order`. */
  count(): Promise<unknown>;
  /** The same in a transaction. */
  countInTransaction(): Promise<unknown>;
  close(): Promise<unknown>;
}

type Opened<Pool> = (pool: Pool) => Promise<Orm>;

const countOrders = 'SELECT COUNT(*) FROM "Order"';
const countMysqlOrders = 'SELECT COUNT(*) FROM `Order`';

export const pgOrms: readonly (readonly [string, Opened<pg.Pool>])[] = [
  [
    'Drizzle',
    async (pool) => {
      const db = drizzlePg({ client: pool });
      const count = drizzleSql.raw(countOrders);
      return {
        count: () => db.execute(count),
        countInTransaction: () => db.transaction((transaction) => transaction.execute(count)),
        close: () => pool.end(),
      };
    },
  ],
  ['Kysely', async (pool) => kyselyOrm(new Kysely({ dialect: new PostgresDialect({ pool }) }), countOrders)],
  [
    'Prisma',
    async (pool) => {
      const PrismaClient = await generatePrismaClient();
      // Its default, 2 s, is shorter than the wait for a valid account.
      const transactionOptions = { maxWait: 15_000, timeout: 15_000 };
      const prisma = new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions });
      return {
        count: () => prisma.order.count(),
        countInTransaction: () => prisma.$transaction((transaction) => transaction.order.count()),
        async close() {
          await prisma.$disconnect();
          await pool.end();
        },
      };
    },
  ],
  [
    'TypeORM',
    async (pool) => {
      // It calls the constructor with its own options.
      const driver = { ...pg, Pool: returning(pool) };
      return typeOrm(new DataSource({ type: 'postgres', driver }), countOrders);
    },
  ],
  [
    'pg-boss',
    async (pool) => {
      const boss = new PgBoss({ db: { executeSql: (text, values) => pool.query(text, values) } });
      const errors: unknown[] = [];
      boss.on('error', (error) => errors.push(error));
      await boss.start();
      await boss.createQueue('orders');
      const work = async (): Promise<void> => {
        await boss.send('orders', { count: 1 });
        const [job] = await boss.fetch('orders');
        if (job !== undefined) await boss.complete('orders', job.id);
        if (errors.length > 0) throw errors.shift();
      };
      return {
        count: work,
        countInTransaction: work,
        async close() {
          await boss.stop({ graceful: false, wait: true });
          await pool.end();
        },
      };
    },
  ],
];

export const mysql2Orms: readonly (readonly [string, Opened<Mysql2Pool>])[] = [
  [
    'Drizzle',
    async (pool) => {
      const db = drizzleMysql2({ client: pool });
      const count = drizzleSql.raw(countMysqlOrders);
      return {
        count: () => db.execute(count),
        countInTransaction: () => db.transaction((transaction) => transaction.execute(count)),
        close: () => pool.promise().end(),
      };
    },
  ],
  ['Kysely', async (pool) => kyselyOrm(new Kysely({ dialect: new MysqlDialect({ pool }) }), countMysqlOrders)],
  [
    'TypeORM',
    async (pool) => typeOrm(new DataSource({ type: 'mysql', driver: { createPool: () => pool } }), countMysqlOrders),
  ],
];

function kyselyOrm(db: Kysely<unknown>, count: string): Orm {
  const query = kyselySql.raw(count);
  return {
    count: () => query.execute(db),
    countInTransaction: () => db.transaction().execute((transaction) => query.execute(transaction)),
    close: () => db.destroy(),
  };
}

async function typeOrm(source: DataSource, count: string): Promise<Orm> {
  await source.initialize();
  return {
    count: () => source.query(count),
    countInTransaction: () => source.transaction((manager) => manager.query(count)),
    close: () => source.destroy(),
  };
}

/** A constructor that returns `instance`. */
function returning(instance: object): object {
  return function Constructor() {
    return instance;
  };
}
