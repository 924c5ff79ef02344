import { createPool } from 'mysql2-3.11';
import { describe } from 'vitest';
import { testFailures } from './failure-tests.fixture.ts';
import { mariadbUnderTest } from './mariadb.fixture.ts';
import { createRotatingPool } from './mysql2-pool.ts';
import { mysql2UnderTest } from './mysql2.fixture.ts';
import { testRotations } from './rotation-tests.fixture.ts';

// The oldest supported version. Its connections share one configuration.
const driver = mysql2UnderTest(mariadbUnderTest(), (options) => createRotatingPool(createPool as never, options));

describe('rotations', () => {
  testRotations(driver, { gaps: [300] });
});
describe('failures', () => {
  testFailures(driver);
});
