import { createPool } from 'mysql2-3.11';
import type { Pool } from 'mysql2';
import { describe, expect, onTestFinished, test } from 'vitest';
import { testFailures } from './failure-tests.fixture.ts';
import { mariadbUnderTest } from './mariadb.fixture.ts';
import { createRotatingPool } from './mysql2-pool.ts';
import type { RotatingMysql2Options } from './mysql2-pool.ts';
import { mysql2UnderTest } from './mysql2.fixture.ts';
import { secretName } from './rotation.fixture.ts';
import { testMysql8 } from './mysql8-tests.fixture.ts';
import { testRotations } from './rotation-tests.fixture.ts';

// The oldest supported version. Its connections share one configuration.
const create = (options: RotatingMysql2Options): Pool => createRotatingPool(createPool as never, options);
const mariadb = mariadbUnderTest();
const driver = mysql2UnderTest(mariadb, create);

describe('rotations', () => {
  testRotations(driver, { gaps: [300] });
});
describe('failures', () => {
  testFailures(driver);
});
describe('MySQL 8', () => {
  testMysql8(driver);
});

test('an open connection keeps its account when it changes the database after a rotation', async () => {
  const { secrets, publish, account } = await mariadb.accountWithSecret();
  const server = { host: '127.0.0.1', port: mariadb.port(), database: 'app' };
  const pool = create({ secrets, secret: secretName, ...server }).promise();
  onTestFinished(() => pool.end());
  const old = await pool.getConnection();
  publish('v2', await mariadb.newAccount('s3cret-2'), 's3cret-2');
  await secrets.refresh(secretName);
  const latest = await pool.getConnection();

  await old.changeUser({ database: 'app' });

  expect((await old.query(mariadb.currentUser))[0]).toEqual([{ name: account }]);
  expect((await latest.query(mariadb.currentUser))[0]).not.toEqual([{ name: account }]);
});
