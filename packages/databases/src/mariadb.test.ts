import { createPool } from 'mariadb';
import type { Pool } from 'mariadb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { testFailures } from './failure-tests.fixture.ts';
import { mariadbDriverUnderTest } from './mariadb-driver.fixture.ts';
import { createRotatingPool } from './mariadb-pool.ts';
import { mariadbUnderTest } from './mariadb.fixture.ts';
import { rotatingPool } from './mariadb.ts';
import type { RotatingMariadbOptions } from './mariadb.ts';
import { databaseSecret, secretName } from './rotation.fixture.ts';
import { testMysql8 } from './mysql8-tests.fixture.ts';
import { testRotations } from './rotation-tests.fixture.ts';

const mariadb = mariadbUnderTest();
const driver = mariadbDriverUnderTest(mariadb, rotatingPool);

describe('rotations', () => {
  testRotations(driver, { gaps: [0, 300, 3_000] });
});
describe('failures', () => {
  testFailures(driver);
});
describe('MySQL 8', () => {
  testMysql8(driver);
});

function poolOf(options: Pick<RotatingMariadbOptions, 'secrets'> & Partial<RotatingMariadbOptions>): Pool {
  const server = { host: '127.0.0.1', port: mariadb.port(), database: 'app' };
  const pool = rotatingPool({ secret: secretName, ...server, ...options });
  onTestFinished(() => pool.end());
  return pool;
}

test('is a pool of mariadb that logs in with the account of the secret', async () => {
  const { secrets, account } = await mariadb.accountWithSecret();
  const other = createPool({ minimumIdle: 0 });
  onTestFinished(() => other.end());
  const pool = poolOf({ secrets });

  expect(await pool.query(mariadb.currentUser)).toEqual([{ name: account }]);
  expect(await pool.execute('SELECT ? AS n', [2])).toEqual([{ n: 2 }]);
  await pool.query('CREATE TABLE numbers (n INT)');
  await pool.batch('INSERT INTO numbers VALUES (?)', [[1], [2]]);
  expect(await pool.query('SELECT n FROM numbers')).toEqual([{ n: 1 }, { n: 2 }]);
  expect(pool.constructor).toBe(other.constructor);
});

test('a pool of idle connections ends the wait of the other pools of its secret', async () => {
  const { secrets, publish, account } = await mariadb.accountWithSecret();
  const idle = poolOf({ secrets, connectionLimit: 2, minimumIdle: 2 });
  await expect.poll(() => idle.idleConnections()).toBe(2);
  const connection = await idle.getConnection();
  await mariadb.changePassword(account, 's3cret-2');
  publish('v2', account, 's3cret-2');

  connection.destroy(); // the pool replaces it by itself
  await expect.poll(() => idle.idleConnections()).toBe(2);
  const other = poolOf({ secrets, connectionLimit: 1, acquireTimeout: 2_000 });

  expect(await other.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a secret without an account is an error before the pool has waited for a connection', async () => {
  const { secrets, kms } = databaseSecret();
  kms.put(secretName, 'v1', { value: '{}' });
  const pool = poolOf({ secrets, acquireTimeout: 600_000 });

  await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'ERR_NO_ACCOUNT' });
  await expect(pool.getConnection()).rejects.toMatchObject({ code: 'ERR_NO_ACCOUNT' });
});

test('passes errors on to the logger of the application', async () => {
  const { secrets, publish, account } = await mariadb.accountWithSecret();
  publish('v1', account, 's3cret-wrong');
  const errors: unknown[] = [];
  const logger = { error: (error: Error) => void errors.push(error), warning: () => {} };
  const pool = poolOf({ secrets, acquireTimeout: 500, logger });

  await expect(pool.query('SELECT 1')).rejects.toMatchObject({ errno: 1045 });

  expect(errors).toContainEqual(expect.objectContaining({ errno: 1045 }));
});

test.each([
  { what: 'a database that the account may not use', database: 'mysql', change: '', errno: 1044 },
  { what: 'a locked account', database: 'app', change: 'ACCOUNT LOCK', errno: 4151 },
])('$what refreshes nothing', async ({ database, change, errno }) => {
  const { secrets, kms, account } = await mariadb.accountWithSecret();
  await mariadb.query(`ALTER USER ${account} ${change}`);
  const pool = poolOf({ secrets, database, acquireTimeout: 1_000 });

  const results = await Promise.allSettled(Array.from({ length: 20 }, () => pool.query('SELECT 1')));

  for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { cause: { errno } } });
  expect(kms.requests.length).toBe(1);
});

test('a pool that ends while it waits for a login rejects what waits', async () => {
  const { secrets, publish, account, kms } = await mariadb.accountWithSecret();
  publish('v1', account, 's3cret-wrong');
  const pool = rotatingPool({ secrets, secret: secretName, host: '127.0.0.1', port: mariadb.port() });
  const query = pool.query('SELECT 1');
  query.catch(() => {});
  await expect.poll(() => kms.requests.length).toBe(2);

  await pool.end();

  await expect(query).rejects.toThrow('pool is ending');
  expect(secrets.stats().pinned).toBe(0);
});

test('reports all invalid options at once', () => {
  const refused = { user: 'app', password: 's3cret', socketPath: '/run/mysqld', stream: () => {} };

  expect(() => rotatingPool({ secrets: {}, secret: '', ...refused } as never)).toThrow(
    /secrets: .*\n.*secret: .*\n.*user: .*\n.*password: .*\n.*socketPath: .*\n.*stream: /u,
  );
});

test('follows no secret if the driver refuses the options', () => {
  const { secrets } = databaseSecret();

  expect(() => rotatingPool({ secrets, secret: secretName, collation: 'none' })).toThrow('collation');
  expect(secrets.stats().pinned).toBe(0);
});

test.each(['2.5.6', '3.4.7', '4.0.0'])('refuses mariadb %s', (version) => {
  const { secrets } = databaseSecret();

  expect(() => createRotatingPool({ createPool, version }, { secrets, secret: secretName })).toThrow(
    'This version of mariadb is not supported: install mariadb@"^3.5.1".',
  );
});

test('accepts later versions', async () => {
  const { secrets } = databaseSecret();
  const pool = createRotatingPool({ createPool, version: '3.10.0' }, { secrets, secret: secretName, minimumIdle: 0 });

  await pool.end();

  expect(secrets.stats().pinned).toBe(0);
});
