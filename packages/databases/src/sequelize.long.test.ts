import { describe } from 'vitest';
import { testFailures } from './failure-tests.fixture.ts';
import { mariadbUnderTest } from './mariadb.fixture.ts';
import { mysqlCodes } from './mysql2.fixture.ts';
import { testRotations } from './rotation-tests.fixture.ts';
import { sequelizeUnderTest } from './sequelize.fixture.ts';

const database = mariadbUnderTest();

// The dialect postgres is in sequelize.test.ts.
describe.each(['mysql', 'mariadb'] as const)('the dialect %s', (dialect) => {
  const driver = sequelizeUnderTest(dialect, { database, codes: mysqlCodes });

  describe('rotations', () => {
    testRotations(driver, { gaps: [0, 300, 3_000] });
  });
  describe('failures', () => {
    testFailures(driver);
  });
});
