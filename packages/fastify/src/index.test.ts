import { inspect } from 'node:util';
import { FakeClock, FakeTransport, fixedSecrets } from '@kms-secrets/testing';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import { createSecretClient, secretErrors, secrets, secretsHealth } from './index.ts';
import type { SecretClient, SecretClientOptions, SecretsPluginOptions } from './index.ts';

function setup(...names: string[]): { kms: FakeTransport; client: SecretClient; rotate: () => Promise<void> } {
  const kms = new FakeTransport();
  const client = createSecretClient({ endpoints: [kms], retry: { maxAttempts: 1 } });
  let version = 0;
  const put = (): void => {
    version += 1;
    for (const name of names) kms.put(name, `v${version}`);
  };
  put();
  const rotate = async (): Promise<void> => {
    put();
    await Promise.all(names.map((name) => client.refresh(name)));
  };
  return { kms, client, rotate };
}

/** Requests the paths one after the other; resolves to the response bodies. */
async function bodiesOf(app: FastifyInstance, ...paths: readonly string[]): Promise<readonly unknown[]> {
  const bodies: unknown[] = [];
  for (const path of paths) bodies.push((await app.inject(path)).json());
  return bodies;
}

test('a request keeps one version of each secret; the next request sees the new one', async () => {
  const { client, rotate } = setup('user', 'password');
  const app = fastify();
  await app.register(secrets, { client, preload: ['user'] });
  app.get('/', async (request) => {
    await request.secrets.get('password');
    await rotate();
    const password = await request.secrets.get('password');
    return [request.secrets.secret('user').versionId, password.versionId];
  });

  expect(await bodiesOf(app, '/', '/')).toEqual([
    ['v1', 'v1'],
    ['v2', 'v2'],
  ]);
});

test('request.secrets.get() reads the stage of its options', async () => {
  const { client } = setup('db');
  const app = fastify();
  await app.register(secrets, { client, preload: ['db'] });
  app.get('/', async ({ secrets: read }) => {
    const previous = await read.get('db', { stage: 'ACSPrevious' });
    return [previous.stages, (await read.get('db')).stages];
  });

  expect(await bodiesOf(app, '/')).toEqual([[['ACSPrevious'], ['ACSCurrent']]]);
});

test('a refusal reaches an open request; app.secretClient has its rotations', async () => {
  const { client, kms, rotate } = setup('db');
  const app = fastify();
  await app.register(secrets, { client, preload: ['db'] });
  app.get('/', async (request) => {
    await rotate();
    const versions = [request.secrets.secret('db').versionId, (await app.secretClient.get('db')).versionId];
    kms.fail('denied');
    await client.refresh('db').catch(() => {});
    const outcome = await request.secrets.get('db').catch((error: unknown) => error);
    return [...versions, outcome];
  });

  expect(await bodiesOf(app, '/')).toMatchObject([['v1', 'v2', { code: 'ERR_ACCESS_DENIED' }]]);
});

test('concurrent requests do not share a snapshot', async () => {
  const { client, rotate } = setup('db');
  const app = fastify();
  await app.register(secrets, { client, preload: ['db'] });
  app.get('/slow', async (request) => {
    await rotate();
    const { body } = await app.inject('/');
    return [request.secrets.secret('db').versionId, body];
  });
  app.get('/', async (request) => request.secrets.secret('db').versionId);

  expect(await bodiesOf(app, '/slow')).toEqual([['v1', 'v2']]);
});

test('hooks of the app can read the secrets', async () => {
  const app = fastify();
  await app.register(secrets, { client: fixedSecrets({ key: 's3cret-key' }), preload: ['key'] });
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers['x-key'] !== request.secrets.text('key')) await reply.code(401).send();
  });
  app.get('/', async () => ({}));

  const withoutKey = await app.inject('/');
  const withKey = await app.inject({ url: '/', headers: { 'x-key': 's3cret-key' } });

  expect([withoutKey.statusCode, withKey.statusCode]).toEqual([401, 200]);
});

test('the app does not start without its secrets, or with one of another shape', async () => {
  const client = fixedSecrets({ db: { token: 's3cret-token' } });
  const schema = {
    '~standard': {
      version: 1 as const,
      vendor: 'tests',
      validate: () => ({ issues: [{ message: '', path: ['user'] }] }),
    },
  };
  const missing = fastify().register(secrets, { client, preload: ['db', 'typo'] });
  const mismatching = fastify().register(secrets, { client, preload: ['db'], schemas: { db: schema } });
  const own = fastify().register(secrets, { client: { endpoints: [new FakeTransport()], preload: ['typo'] } });

  await expect(missing.ready()).rejects.toThrow(/1 of 2 secrets could not be preloaded:[^]*typo/u);
  await expect(mismatching.ready()).rejects.toMatchObject({ code: 'ERR_SECRET_TYPE', secretName: 'db' });
  await expect(own.ready()).rejects.toThrow(/1 of 1 secret could not be preloaded:[^]*typo/u);
});

test.each<[string, (options: SecretClientOptions) => SecretsPluginOptions]>([
  ['a client of the app', (options) => ({ client: createSecretClient(options), preload: ['db'] })],
  ['a client that the plugin creates', (client) => ({ client, preload: ['db'] })],
  ['the option preload of such a client', (options) => ({ client: { ...options, preload: ['db'] } })],
])('a start with a KMS that hangs names the secret and the endpoint before pluginTimeout: %s', async (_, optionsOf) => {
  const kms = new FakeTransport();
  const clock = new FakeClock();
  kms.fail('hang');
  const app = fastify();
  app.register(secrets, optionsOf({ endpoints: [kms], clock }));
  const error = app.ready().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  await expect.poll(() => kms.requests.length).toBe(1);
  await clock.pass('9s');

  expect(await error).toMatchObject({
    code: 'ERR_SECRET_SET',
    message: expect.stringMatching(/ db: [^]*kms\.example: 2 attempts, last error[^]*did not respond/u) as string,
  });
});

test('a start waits out an outage that is shorter than pluginTimeout', async () => {
  const kms = new FakeTransport();
  const clock = new FakeClock();
  kms.put('db', 'v1');
  kms.fail('unavailable');
  const app = fastify();
  app.register(secrets, { client: { endpoints: [kms], clock, retry: { maxAttempts: 1 } }, preload: ['db'] });
  const ready = app.ready();
  await expect.poll(() => kms.requests.length).toBe(1);
  await clock.pass('4s');
  kms.heal();
  await clock.pass('4s');

  await expect(ready).resolves.toBe(app);
});

test('with pluginTimeout 0, a start waits for readyTimeout', async () => {
  const kms = new FakeTransport();
  const clock = new FakeClock();
  kms.put('db', 'v1');
  kms.fail('unavailable');
  const app = fastify({ pluginTimeout: 0 });
  const options = { endpoints: [kms], clock, retry: { maxAttempts: 1 }, readyTimeout: '30s' } as const;
  app.register(secrets, { client: options, preload: ['db'] });
  const ready = app.ready();
  await expect.poll(() => kms.requests.length).toBe(1);
  await clock.pass('15s');
  kms.heal();
  await clock.pass('15s');

  await expect(ready).resolves.toBe(app);
});

test('refuses to be registered where another plugin has decorated requests with secrets', async () => {
  const app = fastify();
  app.decorateRequest('secrets', null as never);
  app.register(secrets, { client: fixedSecrets({}) });

  await expect(app.ready()).rejects.toThrow(/Another plugin has decorated requests with "secrets"/u);
});

test('closes a client that the plugin created, and no other', async () => {
  const given = fixedSecrets({});
  const kms = new FakeTransport();
  const app = fastify();
  await app.register(secrets, { client: given });
  const own = fastify();
  await own.register(secrets, { client: { endpoints: [kms] } });

  await Promise.all([app.close(), own.close()]);

  expect([given.isClosed, own.secretClient.isClosed, kms.isClosed]).toEqual([false, true, true]);
});

test('an open request gets its secret before the client is closed', async () => {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const fetchNow = kms.fetch.bind(kms);
  const app = fastify();
  await app.register(secrets, { client: { endpoints: [kms] } });
  app.get('/', async (request) => (await request.secrets.get('db')).versionId);
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  let closing: Promise<void> | undefined;
  kms.fetch = async (...args) => {
    closing = app.close();
    await new Promise((resolve) => setImmediate(resolve));
    return fetchNow(...args);
  };

  expect(await (await fetch(url, { headers: { connection: 'close' } })).text()).toBe('v1');
  await closing;
  expect(kms.isClosed).toBe(true);
});

test('several clients need a name each', async () => {
  const one = setup('db');
  const other = setup('db');
  await other.rotate();
  const app = fastify();
  await app.register(secrets, { client: one.client, preload: ['db'] });
  await app.register(secrets, { client: other.client, as: 'billing', preload: ['db'] });
  app.get('/', async (request) => [
    request.secrets.secret('db').versionId,
    request.secrets.of('billing').secret('db').versionId,
  ]);

  expect(await bodiesOf(app, '/')).toEqual([['v1', 'v2']]);
  const twice = fastify().register(secrets, { client: one.client });
  await expect(async () => twice.register(secrets, { client: other.client })).rejects.toThrow('secretClient');
});

test('a registration inside a plugin applies to its own routes only', async () => {
  const app = fastify();
  app.register(async (inner) => {
    await inner.register(secrets, { client: fixedSecrets({ db: 's3cret-db' }), preload: ['db'] });
    inner.get('/inner', async (request) => request.secrets.secret('db').name);
  });
  app.get('/', async (request) => typeof request.secrets);

  const inner = await app.inject('/inner');
  const outer = await app.inject('/');

  expect([inner.body, outer.body]).toEqual(['db', 'undefined']);
});

test('secretErrors sends the code of a SecretError, and leaves others to Fastify', async () => {
  const { client, kms } = setup();
  kms.fail('unavailable');
  const app = fastify();
  await app.register(secrets, { client });
  app.setErrorHandler(secretErrors());
  app.get('/secret-error', async (request, reply) => {
    reply.headers({ 'content-type': 'text/html', etag: '"1"' });
    return request.secrets.get('db');
  });
  app.get('/other-error', async () => {
    throw Object.assign(new Error('A teapot'), { statusCode: 418 });
  });

  const secretError = await app.inject('/secret-error');
  const otherError = await app.inject('/other-error');

  expect([secretError.statusCode, secretError.json()]).toEqual([503, { code: 'ERR_SECRET_UNAVAILABLE' }]);
  expect(secretError.headers).toMatchObject({ 'cache-control': 'no-store', 'retry-after': '1' });
  expect(secretError.headers['content-type']).toMatch(/^application\/json/u);
  expect([otherError.statusCode, otherError.json()]).toMatchObject([418, { message: 'A teapot' }]);
});

test('secretsHealth responds without values, also after the client was closed', async () => {
  const client = fixedSecrets({ db: 's3cret-db' });
  const app = fastify();
  app.get('/health', secretsHealth(client, { details: true }));
  app.register(async (inner) => {
    await inner.register(secrets, { client, preload: ['db'] });
    inner.setErrorHandler(secretErrors());
    inner.get('/', async (request) => request.secrets.secret('db').name);
  });
  const ok = await app.inject('/health');
  await client.close();
  const failing = await app.inject('/health');
  const afterClose = await app.inject('/');

  expect([ok.statusCode, ok.json()]).toMatchObject([200, { status: 'ok', secrets: [{ name: 'db', versionId: 'v1' }] }]);
  expect([failing.statusCode, failing.json()]).toMatchObject([503, { status: 'failing' }]);
  expect([afterClose.statusCode, afterClose.json()]).toEqual([503, { code: 'ERR_CLIENT_CLOSED' }]);
  expect([ok, failing].some(({ body }) => body.includes('s3cret-'))).toBe(false);
});

test('inspecting a request or serializing its secrets shows no value', async () => {
  const app = fastify();
  await app.register(secrets, { client: fixedSecrets({ db: 's3cret-db' }), preload: ['db'] });
  app.get('/', async (request) => {
    const printed = inspect(request, { depth: 6, showHidden: true }) + inspect(request.secrets, { getters: true });
    return [printed.includes('s3cret-'), JSON.stringify(request.secrets)];
  });

  expect(await bodiesOf(app, '/')).toEqual([[false, '{}']]);
});

test('keeps preload fresh without requests, until the app is closed', async () => {
  const kms = new FakeTransport();
  const clock = new FakeClock();
  kms.put('db', 'v1');
  const client = createSecretClient({ endpoints: [kms], clock });
  const app = fastify();
  await app.register(secrets, { client, preload: ['db'] });
  app.get('/', async (request) => request.secrets.secret('db').versionId);
  await clock.pass('12h');
  kms.put('db', 'v2');
  await clock.pass('1h');
  kms.fail('unreachable');

  const { body } = await app.inject('/');
  const { pinned } = client.stats();
  await app.close();

  expect([body, pinned, client.stats().pinned]).toEqual(['v2', 1, 0]);
});

test('refuses unknown options, but not those that Fastify passes to every plugin', async () => {
  const client = fixedSecrets({});
  const options = { client, prelaod: ['db'] } as object; // mistakes that the types reject
  const healthOptions = { require: ['db'] } as object;

  await expect(fastify().register(secrets, options)).rejects.toThrow(/prelaod \(register\(secrets\)\)[^]*preload/u);
  await expect(fastify().register(secrets, { client, prefix: '/v1', logLevel: 'warn' })).resolves.toBeDefined();
  expect(() => secretsHealth(client, healthOptions)).toThrow(/require \(secretsHealth\(\)\)[^]*required, details/u);
});
