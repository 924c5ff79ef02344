import { setTimeout } from 'node:timers/promises';
import { rotatingPool as mysql2Pool } from '@kms-secrets/databases/mysql2';
import { rotatingPool as pgPool } from '@kms-secrets/databases/pg';
import type { Pool as Mysql2Pool } from 'mysql2';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { DatabaseUnderTest } from '../../packages/databases/src/driver-under-test.fixture.ts';
import { mariadbUnderTest } from '../../packages/databases/src/mariadb.fixture.ts';
import { postgresUnderTest } from '../../packages/databases/src/postgres.fixture.ts';
import { databaseSecret, queryUnderLoad, secretName } from '../../packages/databases/src/rotation.fixture.ts';
import type { DatabaseSecret } from '../../packages/databases/src/rotation.fixture.ts';
import { mysql2Orms, pgOrms } from './orms.ts';
import type { Orm } from './orms.ts';

const postgres = postgresUnderTest();
const mariadb = mariadbUnderTest();

beforeAll(async () => {
  await postgres.query('CREATE TABLE "Order" (id INT PRIMARY KEY, title TEXT); GRANT ALL ON "Order" TO PUBLIC');
  await mariadb.query('CREATE TABLE app.`Order` (id INT PRIMARY KEY, title TEXT)');
});

/** What lives through rotations: an ORM, and the secret of its pool. */
interface Rotation extends Pick<DatabaseSecret, 'secrets' | 'kms' | 'publish'> {
  readonly database: DatabaseUnderTest;
  /** The current account, and one that may use its objects. */
  readonly accounts: readonly [string, string];
  readonly orm: Orm;
}

/** Milliseconds between the change in the database and the new version in KMS. */
const gap = 300;

async function surviveSingleAccount({ database, accounts, publish, secrets }: Rotation): Promise<void> {
  for (const rotation of [2, 3, 4]) {
    await database.changePassword(accounts[0], `s3cret-${rotation}`);
    await setTimeout(gap);
    publish(`v${rotation}`, accounts[0], `s3cret-${rotation}`);
    await expect.poll(() => secrets.peek(secretName)?.versionId).toBe(`v${rotation}`);
  }
}

async function surviveDoubleAccount({ database, accounts, publish, secrets }: Rotation): Promise<void> {
  for (const rotation of [2, 3, 4]) {
    const account = accounts[rotation % 2 === 0 ? 1 : 0];
    await database.changePassword(account, `s3cret-${rotation}`);
    await setTimeout(gap);
    publish(`v${rotation}`, account, `s3cret-${rotation}`);
    await secrets.refresh(secretName);
    await setTimeout(gap);
  }
}

/** Queries from 20 workers, every fourth in a transaction, while the account rotates three times. */
async function expectNoFailedQuery(rotation: Rotation, rotate: (rotation: Rotation) => Promise<void>): Promise<void> {
  const { orm, kms } = rotation;
  let calls = 0;
  const load = queryUnderLoad(() => ((calls += 1) % 4 === 0 ? orm.countInTransaction() : orm.count()), 20);
  onTestFinished(() => load.stop());
  await expect.poll(() => load.succeeded).toBeGreaterThan(100);
  const before = kms.requests.length;

  await rotate(rotation);
  const { succeeded } = load;
  await expect.poll(() => load.succeeded).toBeGreaterThan(succeeded + 100);
  await load.stop();

  expect(load.errors).toEqual([]);
  expect(kms.requests.length - before).toBeLessThanOrEqual(2 * 3);
}

const modes = [
  ['a single account', surviveSingleAccount],
  ['two accounts that take turns', surviveDoubleAccount],
] as const;

describe.each(pgOrms)('%s on pg', (_, open) => {
  test.each(modes)('no query fails during rotations of %s', async (_mode, rotate) => {
    const secret = databaseSecret();
    const accounts = [await postgres.newAccount('s3cret-1'), await postgres.newAccount('s3cret-x')] as const;
    // pg-boss creates a schema.
    await postgres.query(`GRANT CREATE ON DATABASE postgres TO ${accounts[0]}; GRANT ${accounts[0]} TO ${accounts[1]}`);
    onTestFinished(() => postgres.query('DROP SCHEMA IF EXISTS pgboss CASCADE'));
    secret.publish('v1', accounts[0], 's3cret-1');
    const server = { host: '127.0.0.1', port: postgres.port(), database: postgres.name };
    // `maxUses` makes it open new connections all the time.
    const pool = pgPool({ secrets: secret.secrets, secret: secretName, ...server, max: 10, maxUses: 20 });
    const orm = await open(pool);
    onTestFinished(async () => void (await orm.close()));

    await expectNoFailedQuery({ ...secret, database: postgres, accounts, orm }, rotate);
  });
});

describe.each(mysql2Orms)('%s on mysql2', (_, open) => {
  test.each(modes)('no query fails during rotations of %s', async (_mode, rotate) => {
    const secret = databaseSecret();
    const accounts = [await mariadb.newAccount('s3cret-1'), await mariadb.newAccount('s3cret-x')] as const;
    secret.publish('v1', accounts[0], 's3cret-1');
    const server = { host: '127.0.0.1', port: mariadb.port(), database: mariadb.name };
    const pool = mysql2Pool({ secrets: secret.secrets, secret: secretName, ...server, connectionLimit: 10 });
    const orm = await open(pool);
    onTestFinished(async () => void (await orm.close()));
    closeConnectionsOf(pool);

    await expectNoFailedQuery({ ...secret, database: mariadb, accounts, orm }, rotate);
  });
});

/** Makes a pool open new connections all the time: closes one every 10 ms until the test ends. */
function closeConnectionsOf(pool: Mysql2Pool): void {
  const timer = setInterval(() => pool.getConnection((error, connection) => void (error ?? connection.destroy())), 10);
  onTestFinished(() => clearInterval(timer));
}
