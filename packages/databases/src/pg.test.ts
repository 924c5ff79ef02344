import { inspect } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { rotatingPool } from './pg.ts';
import type { RotatingPgOptions } from './pg.ts';
import { startPostgres } from './postgres.fixture.ts';
import type { PostgresServer } from './postgres.fixture.ts';
import { databaseSecret, queryUnderLoad, secretName } from './rotation.fixture.ts';

let postgres: PostgresServer;
let roles = 0;

beforeAll(async () => {
  postgres = await startPostgres();
});

afterAll(() => postgres.stop());

/** A role with a password of its own. Returns its name. */
async function newRole(password: string): Promise<string> {
  roles += 1;
  await postgres.query(`CREATE ROLE app${roles} LOGIN PASSWORD '${password}'`);
  return `app${roles}`;
}

function poolOf(options: Pick<RotatingPgOptions, 'secrets'> & Partial<RotatingPgOptions>): pg.Pool {
  const pool = rotatingPool({
    secret: secretName,
    host: '127.0.0.1',
    port: postgres.port,
    database: 'postgres',
    ...options,
  });
  onTestFinished(() => pool.end());
  return pool;
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

test('is a pg.Pool that logs in with the account of the secret', async () => {
  const { secrets, publish } = databaseSecret();
  const role = await newRole('s3cret-1');
  publish('v1', role, 's3cret-1');
  const pool = poolOf({ secrets });

  const { rows } = await pool.query('SELECT current_user AS name');

  expect(pool).toBeInstanceOf(pg.Pool);
  expect(rows).toEqual([{ name: role }]);
});

test.each([0, 300, 3_000])(
  'no query fails if KMS publishes a password %i ms after the database has it',
  async (gap) => {
    const { secrets, publish, kms } = databaseSecret();
    const role = await newRole('s3cret-0');
    publish('v0', role, 's3cret-0');
    const pool = poolOf({ secrets, max: 10, maxUses: 20 });
    const load = queryUnderLoad(() => pool.query('SELECT 1'), 20);
    await expect.poll(() => load.succeeded).toBeGreaterThan(500);
    const before = kms.requests.length;

    for (const rotation of [1, 2]) {
      await postgres.query(`ALTER ROLE ${role} PASSWORD 's3cret-${rotation}'`);
      await pause(gap);
      publish(`v${rotation}`, role, `s3cret-${rotation}`);
      await expect.poll(() => secrets.peek(secretName)?.versionId).toBe(`v${rotation}`);
      const { succeeded } = load;
      await expect.poll(() => load.succeeded).toBeGreaterThan(succeeded + 500);
    }
    await load.stop();

    expect(load.errors).toEqual([]);
    expect(kms.requests.length - before).toBeLessThanOrEqual(2 * 3);
  },
);

test('no query fails while two accounts take turns, and old connections are closed', async () => {
  const { secrets, publish } = databaseSecret();
  const accounts = [await newRole('s3cret-a0'), await newRole('s3cret-b0')] as const;
  publish('v0', accounts[0], 's3cret-a0');
  const pool = poolOf({ secrets, max: 10 });
  const load = queryUnderLoad(() => pool.query('SELECT 1'), 20);
  await expect.poll(() => load.succeeded).toBeGreaterThan(200);

  for (const rotation of [1, 2, 3]) {
    const account = accounts[rotation % 2 === 0 ? 0 : 1];
    await postgres.query(`ALTER ROLE ${account} PASSWORD 's3cret-${rotation}'`);
    publish(`v${rotation}`, account, `s3cret-${rotation}`);
    await secrets.refresh(secretName);
    const { succeeded } = load;
    await expect.poll(() => load.succeeded).toBeGreaterThan(succeeded + 200);
    const { rows } = await pool.query<{ name: string }>('SELECT current_user AS name');
    expect(rows).toEqual([{ name: account }]);
  }
  await load.stop();

  expect(load.errors).toEqual([]);
});

test('a transaction across a rotation keeps its connection, which is closed when it is released', async () => {
  const { secrets, publish } = databaseSecret();
  const role = await newRole('s3cret-1');
  publish('v1', role, 's3cret-1');
  const pool = poolOf({ secrets });
  const client = await pool.connect();
  await client.query('BEGIN');

  await postgres.query(`ALTER ROLE ${role} PASSWORD 's3cret-2'`);
  publish('v2', role, 's3cret-2');
  await secrets.refresh(secretName);
  const { rows } = await client.query('SELECT 1 AS one');
  await client.query('COMMIT');
  client.release();

  expect(rows).toEqual([{ one: 1 }]);
  expect(pool.totalCount).toBe(0);
  await pool.query('SELECT 1');
  expect(pool.idleCount).toBe(1);
});

test('waiting queries of a full pool survive a rotation', async () => {
  const { secrets, publish } = databaseSecret();
  const role = await newRole('s3cret-1');
  publish('v1', role, 's3cret-1');
  const pool = poolOf({ secrets, max: 1 });
  const held = await pool.connect();
  const waiting = Array.from({ length: 20 }, () => pool.query('SELECT 1'));

  await postgres.query(`ALTER ROLE ${role} PASSWORD 's3cret-2'`);
  publish('v2', role, 's3cret-2');
  await secrets.refresh(secretName);
  held.release();

  expect(await Promise.all(waiting)).toHaveLength(20);
});

test('a wrong password fails after the patience, with the error of PostgreSQL and the name of the secret', async () => {
  const { secrets, publish, kms } = databaseSecret();
  publish('v1', await newRole('s3cret-right'), 's3cret-wrong');
  const pool = poolOf({ secrets, patience: 1_500 });

  const results = await Promise.allSettled(Array.from({ length: 20 }, () => pool.query('SELECT 1')));

  for (const result of results) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: '28P01' } });
    const { message } = (result as PromiseRejectedResult).reason as Error;
    expect(message).toContain('secret "prod/db", version v1; KMS has no newer version');
    expect(message).not.toContain('s3cret');
  }
  expect(kms.requests.length).toBeLessThanOrEqual(3);
});

test.each([
  ['a missing database', { database: 'missing' }, '3D000'],
  ['a closed port', { port: 1 }, 'ECONNREFUSED'],
])('%s fails at once and refreshes nothing', async (_, options, code) => {
  const { secrets, publish, kms } = databaseSecret();
  publish('v1', await newRole('s3cret-1'), 's3cret-1');
  const pool = poolOf({ secrets, ...options });

  await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code });
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code });

  expect(kms.requests.length).toBe(1);
});

test('a missing privilege refreshes nothing', async () => {
  const { secrets, publish, kms } = databaseSecret();
  publish('v1', await newRole('s3cret-1'), 's3cret-1');
  const pool = poolOf({ secrets });

  await expect(pool.query('CREATE ROLE other')).rejects.toMatchObject({ code: '42501' });

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
  const pool = poolOf({ secrets });

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
  const role = await newRole('s3cret-1');
  const server = { Endpoint: '127.0.0.1', Port: String(postgres.port), DBName: 'postgres' };
  kms.put(secretName, 'v1', {
    value: JSON.stringify({ login: role, secret: 's3cret-1' }),
    extendedConfig: { CustomData: server },
  });
  const pool = rotatingPool({ secrets, secret: secretName, keys: { user: 'login', password: 'secret' } });
  onTestFinished(() => pool.end());

  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});

test('open connections go on after KMS has denied the secret; new ones fail with its error', async () => {
  const { secrets, publish, kms } = databaseSecret();
  publish('v1', await newRole('s3cret-1'), 's3cret-1');
  const pool = poolOf({ secrets });
  const client = await pool.connect();
  kms.fail('denied');
  await secrets.refresh(secretName).catch(() => {});

  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
  client.release();
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});

test('works with callbacks', async () => {
  const { secrets, publish } = databaseSecret();
  publish('v1', await newRole('s3cret-1'), 's3cret-1');
  const pool = poolOf({ secrets });

  const one = await new Promise((resolve, reject) => {
    pool.connect((error, client, done) => {
      if (client === undefined) return reject(error);
      client.query<{ one: number }>('SELECT 1 AS one', (failure, result) => {
        done();
        resolve(result.rows[0]?.one ?? failure);
      });
    });
  });

  expect(one).toBe(1);
  expect(pool.idleCount).toBe(1);
});

test('shows no password when it is inspected', async () => {
  const { secrets, publish } = databaseSecret();
  publish('v1', await newRole('s3cret-1'), 's3cret-1');
  const pool = poolOf({ secrets });
  const client = await pool.connect();

  expect(inspect([pool, client], { depth: 20 })).not.toContain('s3cret');
  expect(JSON.stringify(pool.options)).not.toContain('s3cret');
  client.release();
});

test('reports all invalid options at once', () => {
  const options = {
    secrets: {},
    secret: '',
    user: 'app',
    password: 's3cret',
    connectionString: 'x',
    keys: { name: 'a' },
    patience: -1,
  };

  expect(() => rotatingPool(options as never)).toThrow(
    /secrets: .*\n.*secret: .*\n.*keys: .*\n.*patience: .*\n.*user: .*\n.*password: .*\n.*connectionString: /u,
  );
});

test('end() stops following the secret', async () => {
  const { secrets, publish } = databaseSecret();
  publish('v1', await newRole('s3cret-1'), 's3cret-1');
  const pool = rotatingPool({
    secrets,
    secret: secretName,
    host: '127.0.0.1',
    port: postgres.port,
    database: 'postgres',
  });
  await pool.query('SELECT 1');
  expect(secrets.stats().pinned).toBe(1);

  await pool.end();

  expect(secrets.stats().pinned).toBe(0);
  await expect(pool.query('SELECT 1')).rejects.toThrow('after calling end');
});
