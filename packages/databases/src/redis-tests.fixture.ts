import { inspect } from 'node:util';
import type { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RotatingRedisOptions } from './ioredis-client.ts';
import type { RedisUnderTest } from './redis.fixture.ts';
import { databaseSecret, queryUnderLoad, secretName } from './rotation.fixture.ts';

/** A version of ioredis, and the server for its tests. */
export interface IoredisUnderTest {
  readonly server: RedisUnderTest;
  readonly create: (options: RotatingRedisOptions) => Redis;
}

type TestOptions = Pick<RotatingRedisOptions, 'secrets'> & Partial<RotatingRedisOptions>;

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** The rounds before a new version is published after `ms`, and the one that brings it: they start after 0, 1, 3 and 7 s. */
function maxRounds(ms: number): number {
  return 1 + [0, 1_000, 3_000, 7_000].filter((start) => start <= ms).length;
}

/** A client that the test closes. */
export function testClient({ create, server }: IoredisUnderTest, options: TestOptions): Redis {
  const redis = create({ secret: secretName, host: '127.0.0.1', port: server.port(), ...options });
  redis.on('error', () => {});
  onTestFinished(() => redis.disconnect());
  return redis;
}

export function testRedisRotations(driver: IoredisUnderTest, { gaps }: { readonly gaps: readonly number[] }): void {
  const { server } = driver;

  test.each(gaps)('no command fails if KMS publishes a password %i ms after Redis has it', async (gap) => {
    const { secrets, publish, kms, account } = await server.accountWithSecret();
    const clients = Array.from({ length: 5 }, () => testClient(driver, { secrets }));
    let next = 0;
    const load = queryUnderLoad(() => clients[(next += 1) % clients.length]?.incr('counter') ?? Promise.reject(), 20);
    await expect.poll(() => load.succeeded).toBeGreaterThan(500);
    const before = kms.requests.length;
    let maxRequests = 0;

    for (const rotation of [2, 3]) {
      const changedAt = performance.now();
      await server.changePassword(account, `s3cret-${rotation}`);
      await server.closeConnections();
      await pause(gap);
      publish(`v${rotation}`, account, `s3cret-${rotation}`);
      maxRequests += maxRounds(performance.now() - changedAt);
      await expect.poll(() => secrets.peek(secretName)?.versionId).toBe(`v${rotation}`);
      const { succeeded } = load;
      await expect.poll(() => load.succeeded).toBeGreaterThan(succeeded + 500);
      await server.closeConnections();
    }
    await load.stop();

    expect(load.errors).toEqual([]);
    expect(kms.requests.length - before).toBeLessThanOrEqual(maxRequests);
  });

  test('no command fails while two accounts take turns, and open connections log in with the new one', async () => {
    const { secrets, publish, account, kms } = await server.accountWithSecret();
    const accounts = [account, await server.newAccount('s3cret-b0')] as const;
    const redis = testClient(driver, { secrets });
    const load = queryUnderLoad(() => redis.incr('counter'), 20);
    await expect.poll(() => load.succeeded).toBeGreaterThan(200);
    const before = kms.requests.length;

    for (const rotation of [1, 2, 3]) {
      const next = accounts[rotation % 2 === 0 ? 0 : 1];
      await server.changePassword(next, `s3cret-${rotation}`);
      publish(`v${rotation + 1}`, next, `s3cret-${rotation}`);
      await secrets.refresh(secretName);
      await expect.poll(() => server.users()).toEqual([next]);
      const { succeeded } = load;
      await expect.poll(() => load.succeeded).toBeGreaterThan(succeeded + 200);
    }
    await load.stop();

    expect(load.errors).toEqual([]);
    expect(kms.requests.length - before).toBe(3);
  });

  test('a transaction across a rotation keeps its account until it ends', async () => {
    const { secrets, publish, account } = await server.accountWithSecret();
    const redis = testClient(driver, { secrets });
    await redis.multi({ pipeline: false });
    await redis.set('key', '1');
    const next = await server.newAccount('s3cret-2');
    publish('v2', next, 's3cret-2');
    await secrets.refresh(secretName);
    await redis.get('key');

    expect(await server.users()).toEqual([account]);
    expect(await redis.exec()).toEqual([
      [null, 'OK'],
      [null, '1'],
    ]);
    await redis.get('key');
    expect(await server.users()).toEqual([next]);
  });

  test('a pipeline logs in again before it, not within', async () => {
    const { secrets, publish } = await server.accountWithSecret();
    const redis = testClient(driver, { secrets });
    await redis.set('key', '1');
    const next = await server.newAccount('s3cret-2');
    publish('v2', next, 's3cret-2');
    await secrets.refresh(secretName);

    const results = await redis.multi().get('key').incr('key').get('key').exec();

    expect(results?.map(([error, result]) => error ?? result)).toEqual(['1', 2, '2']);
    expect(await server.users()).toEqual([next]);
  });

  test('a subscriber and a duplicate follow the secret', async () => {
    const { secrets, publish, account } = await server.accountWithSecret();
    const redis = testClient(driver, { secrets });
    const subscriber = redis.duplicate();
    subscriber.on('error', () => {});
    onTestFinished(() => subscriber.disconnect());
    const messages: string[] = [];
    subscriber.on('message', (_channel, message: string) => messages.push(message));
    await subscriber.subscribe('news');
    await server.changePassword(account, 's3cret-2');
    publish('v2', account, 's3cret-2');
    await server.closeConnections();

    // The subscription is repeated at the new connection.
    await expect.poll(() => redis.publish('news', 'hello')).toBe(1);
    await expect.poll(() => messages.length).toBeGreaterThan(0);
  });

  test('a connection that Redis has logged out logs in again and repeats the command', async () => {
    const { secrets, account, kms } = await server.accountWithSecret();
    const redis = testClient(driver, { secrets });
    await redis.set('key', '1');
    await redis.call('RESET'); // back to the user `default`, which is disabled

    expect(await redis.get('key')).toBe('1');

    expect(await server.users()).toEqual([account]);
    expect(kms.requests.length).toBe(1);
  });

  test('a connection that is logged out again soon rejects, instead of connecting in a loop', async () => {
    const { secrets } = await server.accountWithSecret();
    const redis = testClient(driver, { secrets, patience: 1_000 });
    for (const expected of ['PONG', 'NOAUTH']) {
      await redis.call('RESET');
      expect(await redis.ping().catch((error: Error) => error.message.split(' ')[0])).toBe(expected);
    }

    await expect.poll(() => redis.ping().catch(() => 'rejected')).toBe('PONG');
  });

  test('a rotation that Redis does not know yet leaves open connections alone', async () => {
    const { secrets, publish, account, kms } = await server.accountWithSecret();
    const redis = testClient(driver, { secrets });
    await redis.set('key', '1');
    publish('v2', account, 's3cret-2');
    await secrets.refresh(secretName);
    const before = kms.requests.length;

    expect(await Promise.all(Array.from({ length: 50 }, () => redis.get('key')))).toEqual(Array(50).fill('1'));

    await server.changePassword(account, 's3cret-2');
    await server.closeConnections();
    expect(await redis.get('key')).toBe('1');
    expect(kms.requests.length - before).toBeLessThanOrEqual(3);
  });
}

export function testRedisFailures(driver: IoredisUnderTest): void {
  const { server } = driver;

  test('a wrong password fails after the patience, with the error of Redis and the name of the secret', async () => {
    const { secrets, publish, kms, account } = await server.accountWithSecret();
    publish('v1', account, 's3cret-wrong');
    const redis = testClient(driver, { secrets, patience: 1_500 });
    const emitted: Error[] = [];
    redis.on('error', (error: Error) => emitted.push(error));

    const results = await Promise.allSettled(Array.from({ length: 20 }, () => redis.get('key')));

    for (const result of results) {
      expect(result.status).toBe('rejected');
      const reason = (result as PromiseRejectedResult).reason as Error;
      expect(reason.name).toBe('ReplyError');
      expect(reason.message).toMatch(/^WRONGPASS .*secret "prod\/db", version v1; KMS has no newer version/u);
      expect(inspect(reason)).not.toContain('s3cret');
    }
    expect(emitted.map(({ message }) => message)).toContainEqual(expect.stringContaining('WRONGPASS'));
    expect(kms.requests.length).toBeLessThanOrEqual(3);
  });

  test('recovers by itself after the patience', async () => {
    const { secrets, publish, account } = await server.accountWithSecret();
    publish('v1', account, 's3cret-late');
    const redis = testClient(driver, { secrets, patience: 500 });
    await expect(redis.get('key')).rejects.toThrow('WRONGPASS');

    publish('v2', account, 's3cret-1');

    await expect.poll(() => redis.set('key', '1').catch(() => 'failed')).toBe('OK');
  });

  test('a disabled user causes few refreshes and logins, however many clients wait', async () => {
    const { secrets, kms, account } = await server.accountWithSecret();
    await server.admin('ACL', 'SETUSER', account, 'off');
    await server.admin('ACL', 'LOG', 'RESET');
    const clients = Array.from({ length: 10 }, () => testClient(driver, { secrets, patience: 500 }));

    const end = performance.now() + 3_000;
    while (performance.now() < end) await Promise.allSettled(clients.map((redis) => redis.get('key')));

    expect(kms.requests.length).toBeLessThanOrEqual(4);
    expect(await failedLogins(server)).toBeLessThanOrEqual(2 + clients.length);
  });

  test('a closed port is the error of the network, and refreshes nothing', async () => {
    const { secrets, kms } = await server.accountWithSecret();
    const redis = testClient(driver, { secrets, port: 1, maxRetriesPerRequest: 1 });
    const emitted: unknown[] = [];
    redis.on('error', (error: unknown) => emitted.push(error));

    await expect(redis.get('key')).rejects.toMatchObject({ name: 'MaxRetriesPerRequestError' });

    expect(emitted).toContainEqual(expect.objectContaining({ code: 'ECONNREFUSED' }));
    expect(kms.requests.length).toBe(1);
  });

  test('a missing privilege refreshes nothing', async () => {
    const { secrets, kms } = await server.accountWithSecret();
    const redis = testClient(driver, { secrets });

    await expect(redis.flushall()).rejects.toThrow('NOPERM');

    expect(kms.requests.length).toBe(1);
  });

  test('a database that does not exist is the error of Redis', async () => {
    const { secrets, kms } = await server.accountWithSecret();
    const redis = testClient(driver, { secrets, db: 99 });
    const emitted: Error[] = [];
    redis.on('error', (error: Error) => emitted.push(error));
    await redis.get('key');

    expect(emitted.map(({ message }) => message)).toContainEqual(expect.stringContaining('DB index is out of range'));
    expect(kms.requests.length).toBe(1);
  });

  test.each([
    ['no JSON', { value: 's3cret-plain' }],
    ['other properties', { value: '{"user":"app","password":"s3cret"}' }],
    ['binary data', { value: 'czNjcmV0', dataType: 'binary' as const }],
  ])('a secret with %s is an error that names it, and nothing of its value', async (_, fields) => {
    const { secrets, kms } = databaseSecret();
    kms.put(secretName, 'v1', fields);
    const redis = testClient(driver, { secrets });

    const error = await redis.get('key').then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );

    expect(error).toMatchObject({ code: 'ERR_NO_ACCOUNT', secretName });
    expect(error?.message).not.toMatch(/s3cret|"user"/u);
  });

  test('reads other properties, and the server that KMS has for the secret', async () => {
    const { secrets, kms } = databaseSecret();
    const account = await server.newAccount('s3cret-1');
    kms.put(secretName, 'v1', {
      value: JSON.stringify({ login: account, secret: 's3cret-1' }),
      extendedConfig: { CustomData: { Endpoint: '127.0.0.1', Port: String(server.port()) } },
    });
    const redis = driver.create({ secrets, secret: secretName, keys: { user: 'login', password: 'secret' } });
    onTestFinished(() => redis.disconnect());

    expect(await redis.call('ACL', 'WHOAMI')).toBe(account);
  });

  test('logs in through TLS; a certificate that it does not trust is the error of the network', async () => {
    const { secrets, account, kms } = await server.accountWithSecret();
    const { port, ca } = server.tls();
    const trusting = testClient(driver, { secrets, port, tls: { ca } });
    const other = testClient(driver, { secrets, port, tls: {}, maxRetriesPerRequest: 0 });
    const emitted: unknown[] = [];
    other.on('error', (error: unknown) => emitted.push(error));

    expect(await trusting.call('ACL', 'WHOAMI')).toBe(account);
    await expect(other.get('key')).rejects.toMatchObject({ name: 'MaxRetriesPerRequestError' });
    expect(emitted).toContainEqual(expect.objectContaining({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }));
    expect(kms.requests.length).toBe(1);
  });

  test('an open connection goes on after KMS has denied the secret; a new one fails with its error', async () => {
    const { secrets, kms } = await server.accountWithSecret();
    const redis = testClient(driver, { secrets });
    await redis.set('key', '1');
    kms.fail('denied');
    await secrets.refresh(secretName).catch(() => {});

    expect(await redis.get('key')).toBe('1');
    const other = testClient(driver, { secrets });
    await expect(other.get('key')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
  });

  test('shows no password when it is inspected', async () => {
    const { secrets, publish } = await server.accountWithSecret();
    const redis = testClient(driver, { secrets });
    await redis.get('key');
    publish('v2', await server.newAccount('s3cret-2'), 's3cret-2');
    await secrets.refresh(secretName);
    await redis.get('key');

    expect(inspect(redis, { depth: 20, showHidden: true })).not.toContain('s3cret');
    expect(JSON.stringify(redis.options)).not.toContain('s3cret');
  });

  describe('the end of a client', () => {
    test('quit() stops following the secret, and connect() starts again', async () => {
      const { secrets } = await server.accountWithSecret();
      const redis = testClient(driver, { secrets });
      await redis.set('key', '1');
      expect(secrets.stats().pinned).toBe(1);

      await redis.quit();
      await expect.poll(() => secrets.stats().pinned).toBe(0);
      await expect(redis.get('key')).rejects.toThrow('Connection is closed.');

      await redis.connect();
      expect(await redis.get('key')).toBe('1');
      expect(secrets.stats().pinned).toBe(1);
    });

    test('disconnect() during the wait for a valid account rejects what waits, at once', async () => {
      const { secrets, publish, account, kms } = await server.accountWithSecret();
      publish('v1', account, 's3cret-wrong');
      const redis = testClient(driver, { secrets });
      const command = redis.get('key');
      command.catch(() => {});
      await expect.poll(() => kms.requests.length).toBeGreaterThan(1);

      const start = performance.now();
      redis.disconnect();

      await expect(command).rejects.toThrow('Connection is closed.');
      expect(performance.now() - start).toBeLessThan(1_000);
      await expect.poll(() => secrets.stats().pinned).toBe(0);
    });

    test('two clients share the account until the last of them ends', async () => {
      const { secrets, kms } = await server.accountWithSecret();
      const [first, second] = [testClient(driver, { secrets }), testClient(driver, { secrets })];
      await Promise.all([first.get('key'), second.get('key')]);
      await first.quit();

      expect(secrets.stats().pinned).toBe(1);
      expect(await second.ping()).toBe('PONG');
      expect(kms.requests.length).toBe(1);
    });
  });
}

async function failedLogins(server: RedisUnderTest): Promise<number> {
  const entries = (await server.admin('ACL', 'LOG')) as unknown[][];
  const counts = entries.map((entry) => Number(entry[entry.indexOf('count') + 1]));
  return counts.reduce((sum, count) => sum + count, 0);
}
