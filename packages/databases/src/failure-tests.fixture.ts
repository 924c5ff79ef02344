import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { testPool } from './driver-under-test.fixture.ts';
import type { DriverUnderTest } from './driver-under-test.fixture.ts';
import { databaseSecret, secretName } from './rotation.fixture.ts';

/** Accounts, secrets and servers that do not work. */
export function testFailures(driver: DriverUnderTest): void {
  const { database, codes } = driver;

  test('a wrong password fails after the patience, with the error of the database and the name of the secret', async () => {
    const { secrets, publish, kms } = databaseSecret();
    publish('v1', await database.newAccount('s3cret-right'), 's3cret-wrong');
    const pool = testPool(driver, { secrets, patience: 1_500 });

    const results = await Promise.allSettled(Array.from({ length: 20 }, () => pool.query('SELECT 1')));

    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: codes.rejected } });
      const { message } = (result as PromiseRejectedResult).reason as Error;
      expect(message).toContain('secret "prod/db", version v1; KMS has no newer version');
      expect(message).not.toContain('s3cret');
    }
    expect(kms.requests.length).toBeLessThanOrEqual(3);
  });

  test.each([
    ['a missing database', { database: 'missing' }, codes.missingDatabase],
    ['a closed port', { port: 1 }, 'ECONNREFUSED'],
  ])('%s is an error that refreshes nothing', async (_, options, code) => {
    const { secrets, publish, kms } = databaseSecret();
    publish('v1', await database.newAccount('s3cret-1'), 's3cret-1');
    const pool = testPool(driver, { secrets, patience: 500, ...options });

    await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code });
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code });

    expect(kms.requests.length).toBe(1);
  });

  test('a missing privilege refreshes nothing', async () => {
    const { secrets, publish, kms } = databaseSecret();
    publish('v1', await database.newAccount('s3cret-1'), 's3cret-1');
    const pool = testPool(driver, { secrets });

    await expect(pool.query(database.forbidden)).rejects.toMatchObject({ code: codes.forbidden });

    expect(kms.requests.length).toBe(1);
  });

  test.each([
    ['no JSON', { value: 's3cret-plain' }],
    ['a list', { value: '["s3cret"]' }],
    ['other properties', { value: '{"user":"app","password":"s3cret"}' }],
    ['an empty password', { value: '{"AccountName":"app","AccountPassword":""}' }],
    ['binary data', { value: 'czNjcmV0', dataType: 'binary' as const }],
  ])('a secret with %s is an error that names it, and nothing of its value', async (_, fields) => {
    const { secrets, kms } = databaseSecret();
    kms.put(secretName, 'v1', fields);
    const pool = testPool(driver, { secrets });

    const error = await pool.query('SELECT 1').then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );

    expect(error).toMatchObject({ code: 'ERR_NO_ACCOUNT', secretName });
    expect(error?.message).toContain('expected a JSON object with the texts "AccountName" and "AccountPassword"');
    expect(error?.message).not.toMatch(/s3cret|"user"/u);
  });

  test('reads other properties, and the server that KMS has for the secret', async () => {
    const { secrets, kms } = databaseSecret();
    const account = await database.newAccount('s3cret-1');
    const server = { Endpoint: '127.0.0.1', Port: String(database.port()), DBName: database.name };
    kms.put(secretName, 'v1', {
      value: JSON.stringify({ login: account, secret: 's3cret-1' }),
      extendedConfig: { CustomData: server },
    });
    const pool = driver.createPool({ secrets, secret: secretName, keys: { user: 'login', password: 'secret' } });
    onTestFinished(() => pool.end());

    expect(await pool.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('open connections go on after KMS has denied the secret; new ones fail with its error', async () => {
    const { secrets, publish, kms } = databaseSecret();
    publish('v1', await database.newAccount('s3cret-1'), 's3cret-1');
    const pool = testPool(driver, { secrets, patience: 1_500 });
    const connection = await pool.connect();
    kms.fail('denied');
    await secrets.refresh(secretName).catch(() => {});

    expect(await connection.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
    await connection.release();
    expect(await pool.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('shows no password when it is inspected', async () => {
    const { secrets, publish } = databaseSecret();
    publish('v1', await database.newAccount('s3cret-1'), 's3cret-1');
    const pool = testPool(driver, { secrets });
    const connection = await pool.connect();

    expect(inspect([pool.pool, connection.connection], { depth: 20 })).not.toContain('s3cret');
    await connection.release();
  });

  test('end() stops following the secret', async () => {
    const { secrets, publish } = databaseSecret();
    publish('v1', await database.newAccount('s3cret-1'), 's3cret-1');
    const server = { host: '127.0.0.1', port: database.port(), database: database.name };
    const pool = driver.createPool({ secrets, secret: secretName, ...server });
    await pool.query('SELECT 1');
    expect(secrets.stats().pinned).toBe(1);

    await pool.end();

    expect(secrets.stats().pinned).toBe(0);
    await expect(pool.query('SELECT 1')).rejects.toThrow(driver.ended);
  });
}
