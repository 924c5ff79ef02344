import { describe } from 'vitest';
import { testFailures } from './failure-tests.fixture.ts';
import { knexOnMysql2, knexOnPg } from './knex.fixture.ts';
import { mariadbUnderTest } from './mariadb.fixture.ts';
import { postgresUnderTest } from './postgres.fixture.ts';
import { testRotations } from './rotation-tests.fixture.ts';

const onPg = knexOnPg(postgresUnderTest());
const onMysql2 = knexOnMysql2(mariadbUnderTest());

describe('with pg', () => {
  describe('rotations', () => {
    testRotations(onPg, { gaps: [0, 300, 3_000] });
  });
  describe('failures', () => {
    testFailures(onPg);
  });
});
describe('with mysql2', () => {
  testRotations(onMysql2, { gaps: [0, 3_000] });
});
