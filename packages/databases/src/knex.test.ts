import library from 'knex';
import type { Pool as Mysql2Pool } from 'mysql2';
import { describe, expect, onTestFinished, test } from 'vitest';
import { testFailures } from './failure-tests.fixture.ts';
import { knexOnMysql2 } from './knex.fixture.ts';
import { createRotatingKnex } from './knex-on-pool.ts';
import { rotatingKnex } from './knex.ts';
import { mariadbUnderTest } from './mariadb.fixture.ts';
import { rotatingPool as mysql2Pool } from './mysql2.ts';
import { rotatingPool as pgPool } from './pg.ts';
import { postgresUnderTest } from './postgres.fixture.ts';
import { databaseSecret, secretName } from './rotation.fixture.ts';
import { testRotations } from './rotation-tests.fixture.ts';

const mariadb = mariadbUnderTest();
const postgres = postgresUnderTest();

const driver = knexOnMysql2(mariadb);

describe('rotations', () => {
  testRotations(driver, { gaps: [300] });
});
describe('failures', () => {
  testFailures(driver);
});

test('a transaction of knex survives a rotation', async () => {
  const { secrets, publish } = databaseSecret();
  const role = await postgres.newAccount('s3cret-1');
  publish('v1', role, 's3cret-1');
  const server = { host: '127.0.0.1', port: postgres.port(), database: postgres.name };
  const connectionPool = pgPool({ secrets, secret: secretName, ...server, max: 1 });
  const db = rotatingKnex({ client: 'pg', connectionPool });
  onTestFinished(() => db.destroy());

  const rows = await db.transaction(async (transaction) => {
    await transaction.raw('CREATE TEMPORARY TABLE numbers (n INT)');
    await postgres.changePassword(role, 's3cret-2');
    publish('v2', role, 's3cret-2');
    await secrets.refresh(secretName);
    await transaction('numbers').insert({ n: 1 });
    return transaction('numbers').select('n');
  });

  expect(rows).toEqual([{ n: 1 }]);
  expect(connectionPool.totalCount).toBe(0);
  expect(await db.select(db.raw('1 AS one'))).toEqual([{ one: 1 }]);
});

test('accepts the pool of mysql2 only for mysql2', () => {
  const { secrets } = databaseSecret();
  const pool: Mysql2Pool = mysql2Pool({ secrets, secret: secretName });
  onTestFinished(() => pool.promise().end());

  expect(() => rotatingKnex({ client: 'pg', connectionPool: pool })).toThrow(
    'connectionPool: expected the pool that rotatingPool() of @kms-secrets/databases/pg returns',
  );
});

test('reports all invalid options at once', () => {
  const refused = { connection: {}, pool: { max: 1 }, acquireConnectionTimeout: 1, searchPath: 'app' };

  expect(() => rotatingKnex({ client: 'sqlite3', ...refused } as never)).toThrow(
    /rotatingKnex\(\):\n.*client: .*\n.*connection: .*\n.*pool: .*\n.*acquireConnectionTimeout: .*\n.*searchPath: /u,
  );
});

test('refuses a version of knex that accepts no pool', () => {
  const connectionPool = { connect: () => Promise.resolve(), end: () => Promise.resolve() };
  const knex2 = (() => ({ client: { destroy: () => {} } })) as never;

  expect(() => createRotatingKnex(knex2, { client: 'pg', connectionPool } as never)).toThrow(
    'This version of knex is not supported: install knex@"^3.3.0".',
  );
  expect(createRotatingKnex(library.knex, { client: 'pg', connectionPool } as never)).toBeTypeOf('function');
});
