import { expect, test } from 'vitest';
import { testPool } from './driver-under-test.fixture.ts';
import type { DriverUnderTest } from './driver-under-test.fixture.ts';
import { databaseSecret, queryUnderLoad, secretName } from './rotation.fixture.ts';

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** The rounds before a new version is published after `ms`, and the one that brings it: they start after 0, 1, 3 and 7 s. */
function maxRounds(ms: number): number {
  return 1 + [0, 1_000, 3_000, 7_000].filter((start) => start <= ms).length;
}

/** Rotations that no query must notice. `gaps`: milliseconds between the change in the database and the new version in KMS. */
export function testRotations(driver: DriverUnderTest, { gaps }: { readonly gaps: readonly number[] }): void {
  const { database } = driver;

  test.each(gaps)('no query fails if KMS publishes a password %i ms after the database has it', async (gap) => {
    const { secrets, publish, kms } = databaseSecret();
    const account = await database.newAccount('s3cret-0');
    publish('v0', account, 's3cret-0');
    const pool = testPool(driver, { secrets, size: 10, maxUses: 20 });
    const load = queryUnderLoad(() => pool.query('SELECT 1'), 20);
    await expect.poll(() => load.succeeded).toBeGreaterThan(500);
    const before = kms.requests.length;
    let maxRequests = 0;

    for (const rotation of [1, 2]) {
      const changedAt = performance.now();
      await database.changePassword(account, `s3cret-${rotation}`);
      await pause(gap);
      publish(`v${rotation}`, account, `s3cret-${rotation}`);
      maxRequests += maxRounds(performance.now() - changedAt);
      await expect.poll(() => secrets.peek(secretName)?.versionId).toBe(`v${rotation}`);
      const { succeeded } = load;
      await expect.poll(() => load.succeeded).toBeGreaterThan(succeeded + 500);
    }
    await load.stop();

    expect(load.errors).toEqual([]);
    expect(kms.requests.length - before).toBeLessThanOrEqual(maxRequests);
  });

  test('no query fails while two accounts take turns, and old connections are closed', async () => {
    const { secrets, publish } = databaseSecret();
    const accounts = [await database.newAccount('s3cret-a0'), await database.newAccount('s3cret-b0')] as const;
    publish('v0', accounts[0], 's3cret-a0');
    const pool = testPool(driver, { secrets, size: 10 });
    const load = queryUnderLoad(() => pool.query('SELECT 1'), 20);
    await expect.poll(() => load.succeeded).toBeGreaterThan(200);

    for (const rotation of [1, 2, 3]) {
      const account = accounts[rotation % 2 === 0 ? 0 : 1];
      await database.changePassword(account, `s3cret-${rotation}`);
      publish(`v${rotation}`, account, `s3cret-${rotation}`);
      await secrets.refresh(secretName);
      const { succeeded } = load;
      await expect.poll(() => load.succeeded).toBeGreaterThan(succeeded + 200);
      expect(await pool.query(database.currentUser)).toEqual([{ name: account }]);
    }
    await load.stop();

    expect(load.errors).toEqual([]);
  });

  test('a transaction across a rotation keeps its connection, which is closed when it is released', async () => {
    const { secrets, publish } = databaseSecret();
    const account = await database.newAccount('s3cret-1');
    publish('v1', account, 's3cret-1');
    const pool = testPool(driver, { secrets });
    const connection = await pool.connect();
    await connection.query('BEGIN');

    await database.changePassword(account, 's3cret-2');
    publish('v2', account, 's3cret-2');
    await secrets.refresh(secretName);
    const rows = await connection.query('SELECT 1 AS one');
    await connection.query('COMMIT');
    await connection.release();

    expect(rows).toEqual([{ one: 1 }]);
    expect(pool.connections().total).toBe(0);
    await pool.query('SELECT 1');
    expect(pool.connections().idle).toBe(1);
  });

  test('waiting queries of a full pool survive a rotation', async () => {
    const { secrets, publish } = databaseSecret();
    const account = await database.newAccount('s3cret-1');
    publish('v1', account, 's3cret-1');
    const pool = testPool(driver, { secrets, size: 1 });
    const held = await pool.connect();
    const waiting = Array.from({ length: 20 }, () => pool.query('SELECT 1'));

    await database.changePassword(account, 's3cret-2');
    publish('v2', account, 's3cret-2');
    await secrets.refresh(secretName);
    await held.release();

    expect(await Promise.all(waiting)).toHaveLength(20);
  });

  test('idle connections are used while the database rejects the password', async () => {
    const { secrets, publish, kms } = databaseSecret();
    const account = await database.newAccount('s3cret-1');
    publish('v1', account, 's3cret-1');
    const pool = testPool(driver, { secrets });
    const [idle, busy] = [await pool.connect(), await pool.connect()];
    await idle.release();
    await database.changePassword(account, 's3cret-2');

    expect(await pool.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const first = await pool.connect();
    const waiting = pool.connect(); // a new connection, which is rejected
    await expect.poll(() => kms.requests.length).toBeGreaterThan(1);
    const query = pool.query('SELECT 1 AS one');
    await first.release(); // for one of both

    await Promise.race([waiting, query]);
    publish('v2', account, 's3cret-2');
    await secrets.refresh(secretName);
    expect(await query).toEqual([{ one: 1 }]);
    await (await waiting).release();
    await busy.release();
  });
}
