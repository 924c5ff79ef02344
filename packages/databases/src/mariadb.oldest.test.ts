import { createPool, version } from 'mariadb-3.5.1';
import { describe } from 'vitest';
import { testFailures } from './failure-tests.fixture.ts';
import { mariadbDriverUnderTest } from './mariadb-driver.fixture.ts';
import { createRotatingPool } from './mariadb-pool.ts';
import { mariadbUnderTest } from './mariadb.fixture.ts';
import { testMysql8 } from './mysql8-tests.fixture.ts';
import { testRotations } from './rotation-tests.fixture.ts';

const driver = mariadbDriverUnderTest(mariadbUnderTest(), (options) =>
  createRotatingPool({ createPool, version } as never, options),
);

describe('rotations', () => {
  testRotations(driver, { gaps: [300] });
});
describe('failures', () => {
  testFailures(driver);
});
describe('MySQL 8', () => {
  testMysql8(driver);
});
