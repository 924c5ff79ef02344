import { Sequelize } from 'sequelize';
import { describe, expect, onTestFinished, test } from 'vitest';
import { testFailures } from './failure-tests.fixture.ts';
import { mariadbUnderTest } from './mariadb.fixture.ts';
import { postgresCodes, postgresUnderTest } from './postgres.fixture.ts';
import { databaseSecret, secretName } from './rotation.fixture.ts';
import { testRotations } from './rotation-tests.fixture.ts';
import { sequelizeUnderTest } from './sequelize.fixture.ts';
import { createRotatingSequelize } from './sequelize-logins.ts';
import { rotatingSequelize } from './sequelize.ts';

const mariadb = mariadbUnderTest();
const postgres = postgresUnderTest();

const driver = sequelizeUnderTest('postgres', { database: postgres, codes: postgresCodes });

describe('rotations', () => {
  testRotations(driver, { gaps: [300] });
});
describe('failures', () => {
  testFailures(driver);
});

test('is a Sequelize whose transactions and models survive a rotation', async () => {
  const { secrets, publish } = databaseSecret();
  const role = await postgres.newAccount('s3cret-1');
  publish('v1', role, 's3cret-1');
  const server = { host: '127.0.0.1', port: postgres.port(), database: postgres.name };
  const options = { secrets, secret: secretName, ...server, logging: false } as const;
  const sequelize = rotatingSequelize({ ...options, dialect: 'postgres', pool: { max: 1 } });
  onTestFinished(() => sequelize.close());

  const rows = await sequelize.transaction(async (transaction) => {
    await sequelize.query('CREATE TEMPORARY TABLE numbers (n INT)', { transaction });
    await postgres.changePassword(role, 's3cret-2');
    publish('v2', role, 's3cret-2');
    await secrets.refresh(secretName);
    await sequelize.query('INSERT INTO numbers VALUES (1)', { transaction });
    return sequelize.query('SELECT n FROM numbers', { transaction });
  });

  expect(sequelize).toBeInstanceOf(Sequelize);
  expect(rows[0]).toEqual([{ n: 1 }]);
  await sequelize.authenticate();
});

test('a rejected account is the error of Sequelize', async () => {
  const { secrets, publish } = databaseSecret();
  publish('v1', await mariadb.newAccount('s3cret-1'), 's3cret-wrong');
  const server = { host: '127.0.0.1', port: mariadb.port(), database: mariadb.name };
  const options = { secrets, secret: secretName, patience: 500, ...server, logging: false } as const;
  const sequelize = rotatingSequelize({ ...options, dialect: 'mysql' });
  onTestFinished(() => sequelize.close());

  await expect(sequelize.authenticate()).rejects.toMatchObject({
    name: 'SequelizeAccessDeniedError',
    message: expect.stringContaining('secret "prod/db", version v1') as string,
    original: { code: 'ER_ACCESS_DENIED_ERROR' },
  });
});

test('reports all invalid options at once', () => {
  const refused = { username: 'app', password: 's3cret', replication: {}, native: true, dialect: 'sqlite' };

  expect(() => rotatingSequelize({ secrets: {}, secret: '', ...refused } as never)).toThrow(
    /rotatingSequelize\(\):\n.*secrets: .*\n.*secret: .*\n.*username: .*\n.*password: .*\n.*replication: .*\n.*native: .*\n.*dialect: expected one of postgres, mysql, mariadb/u,
  );
});

test('refuses a version of sequelize that it does not know, and follows no secret then', () => {
  const { secrets } = databaseSecret();
  const sequelize7 = { connectionManager: {} } as never;

  expect(() => createRotatingSequelize(() => sequelize7, { secrets, secret: secretName, dialect: 'postgres' })).toThrow(
    'This version of sequelize is not supported: install sequelize@"^6.37.0".',
  );
  expect(() => rotatingSequelize({ secrets, secret: secretName, dialect: undefined as never })).toThrow('dialect');
  expect(secrets.stats().pinned).toBe(0);
});
