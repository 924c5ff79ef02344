import { FakeClock } from '@kms-secrets/testing';
import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { DriverUnderTest } from './driver-under-test.fixture.ts';
import { testFailures } from './failure-tests.fixture.ts';
import { rotatingPool } from './pg.ts';
import type { RotatingPgOptions } from './pg.ts';
import { postgresCodes, postgresUnderTest } from './postgres.fixture.ts';
import { databaseSecret, secretName } from './rotation.fixture.ts';
import { testRotations } from './rotation-tests.fixture.ts';

const postgres = postgresUnderTest();

function poolOf(options: Pick<RotatingPgOptions, 'secrets'> & Partial<RotatingPgOptions>): pg.Pool {
  const pool = rotatingPool({
    secret: secretName,
    host: '127.0.0.1',
    port: postgres.port(),
    database: 'postgres',
    ...options,
  });
  onTestFinished(() => pool.end());
  return pool;
}

const driver: DriverUnderTest = {
  database: postgres,
  createPool({ size, ...options }) {
    const pool = rotatingPool({ ...options, ...(size !== undefined && { max: size }) });
    return {
      pool,
      query: async (sql) => (await pool.query(sql)).rows,
      async connect() {
        const client = await pool.connect();
        return {
          connection: client,
          query: async (sql) => (await client.query(sql)).rows,
          release: () => client.release(),
        };
      },
      connections: () => ({ total: pool.totalCount, idle: pool.idleCount }),
      end: () => pool.end(),
    };
  },
  codes: postgresCodes,
  ended: 'after calling end',
};

describe('rotations', () => {
  testRotations(driver, { gaps: [0, 300, 3_000] });
});
describe('failures', () => {
  testFailures(driver);
});

test('is a pg.Pool that logs in with the account of the secret', async () => {
  const { secrets, publish } = databaseSecret();
  const role = await postgres.newAccount('s3cret-1');
  publish('v1', role, 's3cret-1');
  const pool = poolOf({ secrets });

  const { rows } = await pool.query('SELECT current_user AS name');

  expect(pool).toBeInstanceOf(pg.Pool);
  expect(rows).toEqual([{ name: role }]);
});

test('works with callbacks', async () => {
  const { secrets, publish } = databaseSecret();
  publish('v1', await postgres.newAccount('s3cret-1'), 's3cret-1');
  const pool = poolOf({ secrets });

  const one = await new Promise((resolve, reject) => {
    pool.connect((error, client, done) => {
      if (client === undefined) return reject(error);
      client.query<{ one: number }>('SELECT 1 AS one', (failure, result) => {
        done();
        resolve(result.rows[0]?.one ?? failure);
      });
    });
  });

  expect(one).toBe(1);
  expect(pool.idleCount).toBe(1);
});

test('the wait for a free connection of a full pool is no part of the patience', async () => {
  const { secrets, publish } = databaseSecret();
  const role = await postgres.newAccount('s3cret-1');
  publish('v1', role, 's3cret-1');
  const clock = new FakeClock();
  const pool = poolOf({ secrets, max: 1, patience: 1_000, clock });
  const held = await pool.connect();
  const waiting = pool.query('SELECT 1 AS one');
  publish('v2', role, 's3cret-2');
  await secrets.refresh(secretName);
  publish('v3', role, 's3cret-3');
  await postgres.query(`ALTER ROLE ${role} PASSWORD 's3cret-3'`);

  await clock.pass(1_100);
  held.release(); // it is outdated: the query gets a new connection, which is rejected

  expect((await waiting).rows).toEqual([{ one: 1 }]);
});

test('the patience starts again with the next rotation', async () => {
  const { secrets, publish } = databaseSecret();
  const role = await postgres.newAccount('s3cret-1');
  publish('v1', role, 's3cret-x');
  const clock = new FakeClock();
  const pool = poolOf({ secrets, max: 1, patience: 1_500, clock });
  const waiting = pool.query('SELECT 1 AS one'); // rejected, and due at the end of the queue
  await expect.poll(() => pool.waitingCount).toBe(0);
  const held = pool.connect();
  publish('v2', role, 's3cret-1');
  await clock.pass(1_000); // until the next round
  const client = await held;
  await expect.poll(() => pool.waitingCount).toBe(1);
  publish('v3', role, 's3cret-3');
  await secrets.refresh(secretName);
  publish('v4', role, 's3cret-4');
  await postgres.query(`ALTER ROLE ${role} PASSWORD 's3cret-4'`);

  await clock.pass(1_600);
  client.release();

  expect((await waiting).rows).toEqual([{ one: 1 }]);
});

test('closes an old connection that is released with false', async () => {
  const { secrets, publish } = databaseSecret();
  const role = await postgres.newAccount('s3cret-1');
  publish('v1', role, 's3cret-1');
  const pool = poolOf({ secrets });
  const client = await pool.connect();
  publish('v2', role, 's3cret-1');
  await secrets.refresh(secretName);

  client.release(false);

  expect(pool.totalCount).toBe(0);
});

test('shows no password when its options are serialized', async () => {
  const { secrets, publish } = databaseSecret();
  publish('v1', await postgres.newAccount('s3cret-1'), 's3cret-1');
  const pool = poolOf({ secrets });
  const client = await pool.connect();

  expect(JSON.stringify(pool.options)).not.toContain('s3cret');
  client.release();
});

test('reports all invalid options at once', () => {
  const options = {
    secrets: {},
    secret: '',
    user: 'app',
    password: 's3cret',
    connectionString: 'x',
    keys: { name: 'a' },
    patience: -1,
  };

  expect(() => rotatingPool(options as never)).toThrow(
    /secrets: .*\n.*secret: .*\n.*keys: .*\n.*patience: .*\n.*user: .*\n.*password: .*\n.*connectionString: /u,
  );
});
