import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { fixedSecrets, FakeTransport } from '@kms-secrets/testing';
import { Config, Configuration, MidwayConfigService, MidwayHealthService, MidwayLoggerService } from '@midwayjs/core';
import type { IMidwayContainer } from '@midwayjs/core';
import { expect, test } from 'vitest';
import { InjectSecretClient, secretClientId } from './index.ts';
import type { SecretsOptions } from './index.ts';
import { startApp, stopApp } from './midway-app.fixture.ts';

function setup(): { kms: FakeTransport; client: { endpoints: FakeTransport[] } } {
  const kms = new FakeTransport();
  kms.put('db', 'v1', { value: '{"user":"app","port":5432,"password":"s3cret-db"}' });
  kms.put('redis', 'v1');
  return { kms, client: { endpoints: [kms] } };
}

/** What the app has in its configuration. */
const configOf = async (options: SecretsOptions, config: object, path: string): Promise<unknown> => {
  const app = await startApp(options, { config: { ...config } });
  return app.getConfig<unknown>(path);
};

const redis = { redis: { client: { host: 'localhost', password: '' } } };

test('merges a secret, or a field of its JSON, into the configuration', async () => {
  const { client } = setup();
  const config = {
    'redis.client.password': 'redis',
    'database.password': { secret: 'db', field: 'password' },
    'database.port': { secret: 'db', field: 'port' },
    token: 'redis',
  };

  const app = await startApp({ client, config }, { config: { ...redis, database: { user: 'app' } } });

  expect(app.getConfig('redis.client')).toEqual({ host: 'localhost', password: 's3cret-redis-v1' });
  expect(app.getConfig('database')).toEqual({ user: 'app', password: 's3cret-db', port: 5432 });
  expect(app.getConfig('token')).toBe('s3cret-redis-v1');
});

test('another component sees the secret in onReady, and in a property that @Config decorates', async () => {
  const seen: unknown[] = [];
  @Configuration({ namespace: 'redis' })
  class RedisConfiguration {
    @Config('redis.client') readonly options!: { readonly password: string };
    async onReady(container: IMidwayContainer): Promise<void> {
      seen.push(this.options.password, container.get(MidwayConfigService).getConfiguration('redis.client.password'));
    }
  }
  const { client } = setup();

  await startApp(
    { client, config: { 'redis.client.password': 'redis' } },
    { classes: [RedisConfiguration], config: redis },
  );

  expect(seen).toEqual(['s3cret-redis-v1', 's3cret-redis-v1']);
});

test('the configuration keeps the value of the start, and a rotation of it is logged', async () => {
  const client = fixedSecrets({ redis: 's3cret-one' });
  const app = await startApp({ client, config: { 'redis.client.password': 'redis' } }, { config: redis });
  const logger = app.getApplicationContext().get(MidwayLoggerService).getLogger('coreLogger');
  const warnings: unknown[] = [];
  logger.warn = (message: unknown) => void warnings.push(message);

  await client.rotate('redis', 's3cret-two');
  await expect.poll(() => warnings).toHaveLength(1);

  expect(app.getConfig('redis.client.password')).toBe('s3cret-one');
  expect(warnings[0]).toBe(
    'Secret "redis" was rotated, but "redis.client.password" in the configuration keeps the value of the start. Read it through @InjectSecret, or restart.',
  );
});

test('stops to log rotations when the app stops, also with a client that stays open', async () => {
  const client = fixedSecrets({ redis: 's3cret-one' });
  const app = await startApp({ client, config: { token: 'redis' } });
  const logger = app.getApplicationContext().get(MidwayLoggerService).getLogger('coreLogger');
  const warnings: unknown[] = [];
  logger.warn = (message: unknown) => void warnings.push(message);
  await stopApp(app);

  await client.rotate('redis', 's3cret-two');
  await client.get('redis');

  expect(warnings).toEqual([]);
});

test.each([
  ['redis.cleint.password', 'redis'],
  ['nodes.0.password', 'redis'],
  ['redis.client.host.password', 'redis'],
])('refuses a path without a parent in the configuration: %s', async (path, secret) => {
  const { client, kms } = setup();

  const starting = configOf({ client, config: { [path]: secret } }, { ...redis, nodes: [{}] }, path);

  await expect(starting).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' });
  await expect(starting).rejects.toThrow(`config['${path}'] (kmsSecrets): expected a path whose parent is an object`);
  expect(kms.requests).toEqual([]);
});

test('refuses a field that the secret does not have, without showing those it has', async () => {
  const { client, kms } = setup();

  const starting = startApp({ client, config: { token: { secret: 'db', field: 'passwd' } } });

  await expect(starting).rejects.toThrow(
    `config['token'] (kmsSecrets): expected a field of the JSON of secret "db", got passwd`,
  );
  await expect(starting).rejects.not.toThrow('s3cret-');
  expect(kms.isClosed).toBe(true);
});

test('refuses a field of a secret that is not JSON', async () => {
  const { client } = setup();

  const starting = startApp({ client, config: { token: { secret: 'redis', field: 'password' } } });

  await expect(starting).rejects.toMatchObject({ code: 'ERR_SECRET_TYPE' });
});

test('does not start without its secrets, and names all of them', async () => {
  const { client, kms } = setup();
  kms.fail('denied', 'api');

  const starting = startApp({ client, preload: ['db', 'api'], config: { token: 'typo' } });

  await expect(starting).rejects.toThrow(/2 of 3 secrets could not be preloaded:[^]* api: [^]* typo: /u);
  expect(kms.isClosed).toBe(true);
});

test('does not start with a secret that does not match its schema', async () => {
  const schema = {
    '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'no host' }] }) },
  } as const;
  const { client } = setup();

  await expect(startApp({ client, preload: ['db'], schemas: { db: schema } })).rejects.toMatchObject({
    code: 'ERR_SECRET_TYPE',
  });
});

test('refuses unknown options of the component and of the client, and names the known ones', async () => {
  const { client } = setup();
  const wrong: object = { preloads: ['db'] };

  await expect(startApp({ client, ...wrong })).rejects.toThrow(/preloads[^]*kmsSecrets[^]*preload/u);
  await expect(startApp({ client: { ...client, ...wrong } })).rejects.toThrow(/preloads/u);
});

test('closes a client that it created, and no other', async () => {
  const { kms, client: options } = setup();
  const client = createSecretClient(options);
  const withClient = await startApp({ client, preload: ['db'] });
  await stopApp(withClient);
  const isGivenClosed = kms.isClosed;
  const withOptions = await startApp({ client: options });
  await stopApp(withOptions);

  expect([isGivenClosed, client.isClosed, kms.isClosed]).toEqual([false, false, true]);
});

test('the app still reads secrets in its own onStop', async () => {
  const read: unknown[] = [];
  @Configuration({ namespace: 'last' })
  class LastConfiguration {
    @InjectSecretClient() readonly client!: SecretClient;
    async onStop(): Promise<void> {
      read.push((await this.client.get('redis')).text());
    }
  }
  const { client } = setup();
  const app = await startApp({ client }, { classes: [LastConfiguration] });

  await stopApp(app);

  expect(read).toEqual(['s3cret-redis-v1']);
});

test('waits for the secrets that the options of the client preload', async () => {
  const { client, kms } = setup();

  await startApp({ client: { ...client, preload: ['db'] } });

  expect(kms.requests.map(({ name }) => name)).toEqual(['db']);
});

test('the container has the one client of the app', async () => {
  const client = fixedSecrets({});
  const app = await startApp({ client });

  expect(await app.getApplicationContext().getAsync(secretClientId)).toBe(client);
});

test('health is that of the client, with the names that the app declares', async () => {
  const client = fixedSecrets({ db: 's3cret-db' });
  const app = await startApp({ client, preload: ['db'] });
  const health = await app.getApplicationContext().getAsync(MidwayHealthService);

  const before = await health.getStatus();
  await client.deny('db');
  const after = await health.getStatus();

  expect(before.results?.find(({ namespace }) => namespace === 'kmsSecrets')).toEqual({
    namespace: 'kmsSecrets',
    status: true,
    reason: '',
  });
  expect([after.status, after.namespace, after.reason]).toEqual([
    false,
    'kmsSecrets',
    expect.stringContaining('missing db'),
  ]);
});
