import { createConnection, createPool } from 'mysql2';
import type { Pool } from 'mysql2';
import { describe, expect, onTestFinished, test } from 'vitest';
import { testFailures } from './failure-tests.fixture.ts';
import { mariadbUnderTest } from './mariadb.fixture.ts';
import { createRotatingPool } from './mysql2-pool.ts';
import { mysql2UnderTest } from './mysql2.fixture.ts';
import { rotatingPool } from './mysql2.ts';
import type { RotatingMysql2Options } from './mysql2.ts';
import { databaseSecret, secretName } from './rotation.fixture.ts';
import { testMysql8 } from './mysql8-tests.fixture.ts';
import { testRotations } from './rotation-tests.fixture.ts';

const mariadb = mariadbUnderTest();
const driver = mysql2UnderTest(mariadb, rotatingPool);

describe('rotations', () => {
  testRotations(driver, { gaps: [0, 300, 3_000] });
});
describe('failures', () => {
  testFailures(driver);
});
describe('MySQL 8', () => {
  testMysql8(driver);
});

function poolOf(options: Pick<RotatingMysql2Options, 'secrets'> & Partial<RotatingMysql2Options>): Pool {
  const server = { host: '127.0.0.1', port: mariadb.port(), database: 'app' };
  const pool = rotatingPool({ secret: secretName, ...server, ...options });
  onTestFinished(() => pool.promise().end());
  return pool;
}

test('is a pool of mysql2 that logs in with the account of the secret', async () => {
  const { secrets, account } = await mariadb.accountWithSecret();
  const pool = poolOf({ secrets });

  const [rows] = await pool.promise().execute(mariadb.currentUser);

  expect(pool).toBeInstanceOf(createPool({}).constructor);
  expect(rows).toEqual([{ name: account }]);
});

test('works with callbacks', async () => {
  const { secrets } = await mariadb.accountWithSecret();
  const pool = poolOf({ secrets });

  const rows = await new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => {
      if (error !== null) return reject(error);
      connection.query('SELECT 1 AS one', (failure, result) => {
        connection.release();
        resolve(failure ?? result);
      });
    });
  });
  const executed = await new Promise((resolve) => {
    pool.execute('SELECT 2 AS two', (failure, result) => resolve(failure ?? result));
  });

  expect([rows, executed]).toEqual([[{ one: 1 }], [{ two: 2 }]]);
});

test('connects through a Unix socket', async () => {
  const { secrets, account } = await mariadb.accountWithSecret();
  const pool = poolOf({ secrets, socketPath: mariadb.socket() });

  expect((await pool.promise().query(mariadb.currentUser))[0]).toEqual([{ name: account }]);
});

test('calls in the queue of a pool wait for the login of the first', async () => {
  const { secrets, publish, account, kms } = await mariadb.accountWithSecret();
  await mariadb.changePassword(account, 's3cret-2');
  const pool = poolOf({ secrets, connectionLimit: 1 });
  const results = Promise.all(Array.from({ length: 5 }, () => pool.promise().query('SELECT 1')));
  await expect.poll(() => kms.requests.length).toBe(2);

  publish('v2', account, 's3cret-2');

  expect(await results).toHaveLength(5);
  expect(kms.requests.length).toBe(3);
});

test('a database that the account may not use fails at once and refreshes nothing', async () => {
  const { secrets, kms } = await mariadb.accountWithSecret();
  const pool = poolOf({ secrets, database: 'mysql' });

  await expect(pool.promise().query('SELECT 1')).rejects.toMatchObject({ code: 'ER_DBACCESS_DENIED_ERROR' });

  expect(kms.requests.length).toBe(1);
});

test('a locked account fails at once and refreshes nothing', async () => {
  const { secrets, kms, account } = await mariadb.accountWithSecret();
  await mariadb.query(`ALTER USER ${account} ACCOUNT LOCK`);
  const pool = poolOf({ secrets });

  const results = await Promise.allSettled(Array.from({ length: 20 }, () => pool.promise().query('SELECT 1')));

  for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { errno: 4151 } });
  expect(kms.requests.length).toBe(1);
});

test('an account with too many failed logins fails at once and refreshes nothing', async () => {
  const { secrets, kms, account } = await mariadb.accountWithSecret();
  await mariadb.query('SET GLOBAL max_password_errors = 2');
  onTestFinished(() => mariadb.query('SET GLOBAL max_password_errors = DEFAULT'));
  for (const password of ['s3cret-x', 's3cret-y']) await failedLogin(account, password);
  const pool = poolOf({ secrets });

  await expect(pool.promise().query('SELECT 1')).rejects.toMatchObject({ errno: 4150 });

  expect(kms.requests.length).toBe(1);
});

async function failedLogin(user: string, password: string): Promise<void> {
  const connection = createConnection({ host: '127.0.0.1', port: mariadb.port(), user, password });
  await new Promise((resolve) => connection.once('error', resolve));
}

test('reports all invalid options at once', () => {
  const refused = { user: 'app', password: 's3cret', uri: 'mysql://x', stream: () => {} };

  expect(() => rotatingPool({ secrets: {}, secret: '', ...refused } as never)).toThrow(
    /secrets: .*\n.*secret: .*\n.*user: .*\n.*password: .*\n.*uri: .*\n.*stream: /u,
  );
});

test('refuses a driver that it does not know', () => {
  const { secrets } = databaseSecret();
  const pool2 = { config: { connectionConfig: {}, connectionLimit: 10 } }; // of mysql2 2.3

  expect(() => createRotatingPool(() => pool2 as never, { secrets, secret: secretName })).toThrow(
    'This version of mysql2 is not supported: install mysql2@"^3.11.0".',
  );
  expect(secrets.stats().pinned).toBe(0);
});
