import { inspect } from 'node:util';
import { FakeTransport, fixedSecrets } from '@kms-secrets/testing';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import { createSecretClient, secretErrors, secrets, secretsHealth } from './index.ts';
import type { SecretClient } from './index.ts';

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

async function ask(app: FastifyInstance, ...paths: readonly string[]): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  for (const path of paths) answers.push((await app.inject(path)).json());
  return answers;
}

test('a request sees one version of every secret until its end, and the next request the new one', async () => {
  const { client, rotate } = setup('user', 'password');
  const app = fastify();
  await app.register(secrets, { client, preload: ['user'] });
  app.get('/', async (request) => {
    await request.secrets.get('password');
    await rotate();
    const password = await request.secrets.get('password');
    return [request.secrets.secret('user').versionId, password.versionId];
  });

  expect(await ask(app, '/', '/')).toEqual([
    ['v1', 'v1'],
    ['v2', 'v2'],
  ]);
});

test('two requests at the same time have nothing of each other', async () => {
  const { client, rotate } = setup('db');
  const app = fastify();
  await app.register(secrets, { client, preload: ['db'] });
  app.get('/slow', async (request) => {
    await rotate();
    const { body } = await app.inject('/');
    return [request.secrets.secret('db').versionId, body];
  });
  app.get('/', async (request) => request.secrets.secret('db').versionId);

  expect(await ask(app, '/slow')).toEqual([['v1', 'v2']]);
});

test('hooks of the app find the secrets too', async () => {
  const app = fastify();
  await app.register(secrets, { client: fixedSecrets({ key: 's3cret-key' }), preload: ['key'] });
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers['x-key'] !== request.secrets.text('key')) await reply.code(401).send();
  });
  app.get('/', async () => ({}));

  const [without, withKey] = [
    await app.inject('/'),
    await app.inject({ url: '/', headers: { 'x-key': 's3cret-key' } }),
  ];

  expect([without.statusCode, withKey.statusCode]).toEqual([401, 200]);
});

test('an app whose secrets cannot be had, or are not what is declared, does not start, and says why', async () => {
  const client = fixedSecrets({ db: { token: 's3cret-token' } });
  const schema = {
    '~standard': {
      version: 1 as const,
      vendor: 'tests',
      validate: () => ({ issues: [{ message: '', path: ['user'] }] }),
    },
  };
  const missing = fastify().register(secrets, { client, preload: ['db', 'typo'] });
  const unfit = fastify().register(secrets, { client, preload: ['db'], schemas: { db: schema } });
  const own = fastify().register(secrets, { client: { endpoints: [new FakeTransport()], preload: ['typo'] } });

  await expect(missing.ready()).rejects.toThrow(/1 of \d+ secrets? could not be (?:read|preloaded):[^]*typo/u);
  await expect(unfit.ready()).rejects.toMatchObject({ code: 'ERR_SECRET_TYPE', secretName: 'db' });
  await expect(own.ready()).rejects.toThrow(/1 of 1 secret could not be preloaded:[^]*typo/u);
});

test('a client that was handed in is left open at the end, one that was made here is closed', async () => {
  const [given, kms] = [fixedSecrets({}), new FakeTransport()];
  const app = fastify();
  await app.register(secrets, { client: given });
  const own = fastify();
  await own.register(secrets, { client: { endpoints: [kms] } });

  await Promise.all([app.close(), own.close()]);

  expect([given.describe().isClosed, own.secretClient.describe().isClosed, kms.isClosed]).toEqual([false, true, true]);
});

test('a request that waits for its secret when the app ends is answered before the client is closed', async () => {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const fetchNow = kms.fetch.bind(kms);
  const app = fastify();
  await app.register(secrets, { client: { endpoints: [kms] } });
  app.get('/', async (request) => (await request.secrets.get('db')).versionId);
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  let ending: Promise<void> | undefined;
  kms.fetch = async (...asked) => {
    ending = app.close();
    await new Promise((resolve) => setImmediate(resolve));
    return fetchNow(...asked);
  };

  expect(await (await fetch(url, { headers: { connection: 'close' } })).text()).toBe('v1');
  await ending;
  expect(kms.isClosed).toBe(true);
});

test('several clients have a name each; two without one do not start', async () => {
  const [one, other] = [setup('db'), setup('db')];
  await other.rotate();
  const app = fastify();
  await app.register(secrets, { client: one.client, preload: ['db'] });
  await app.register(secrets, { client: other.client, as: 'billing', preload: ['db'] });
  app.get('/', async (request) => [
    request.secrets.secret('db').versionId,
    request.secrets.of('billing').secret('db').versionId,
  ]);

  expect(await ask(app, '/')).toEqual([['v1', 'v2']]);
  const twice = fastify().register(secrets, { client: one.client });
  await expect(async () => twice.register(secrets, { client: other.client })).rejects.toThrow('secretClient');
});

test('what a plugin registers for itself is there for its own routes alone', async () => {
  const app = fastify();
  app.register(async (inner) => {
    await inner.register(secrets, { client: fixedSecrets({ db: 's3cret-db' }), preload: ['db'] });
    inner.get('/inner', async (request) => request.secrets.secret('db').name);
  });
  app.get('/', async (request) => typeof request.secrets);

  const [inner, outer] = [await app.inject('/inner'), await app.inject('/')];

  expect([inner.body, outer.body]).toEqual(['db', 'undefined']);
});

test('errors of ours are answered with their code alone, all others as Fastify does', async () => {
  const { client, kms } = setup();
  kms.fail('unavailable');
  const app = fastify();
  await app.register(secrets, { client });
  app.setErrorHandler(secretErrors);
  app.get('/ours', async (request, reply) => {
    reply.headers({ 'content-type': 'text/html', etag: '"1"' });
    return request.secrets.get('db');
  });
  app.get('/theirs', async () => {
    throw Object.assign(new Error('A teapot'), { statusCode: 418 });
  });

  const [ours, theirs] = [await app.inject('/ours'), await app.inject('/theirs')];

  expect([ours.statusCode, ours.json()]).toEqual([503, { code: 'ERR_SECRET_UNAVAILABLE' }]);
  expect(ours.headers).toMatchObject({ 'cache-control': 'no-store', 'retry-after': '1' });
  expect(ours.headers['content-type']).toMatch(/^application\/json/u);
  expect([theirs.statusCode, theirs.json()]).toMatchObject([418, { message: 'A teapot' }]);
});

test('health is told by names, versions and ages, also when a request could have no secrets', async () => {
  const client = fixedSecrets({ db: 's3cret-db' });
  const app = fastify();
  app.get('/health', secretsHealth(client));
  app.register(async (inner) => {
    await inner.register(secrets, { client, preload: ['db'] });
    inner.setErrorHandler(secretErrors);
    inner.get('/', async (request) => request.secrets.secret('db').name);
  });
  const ok = await app.inject('/health');
  await client.close();
  const [failing, cutOff] = [await app.inject('/health'), await app.inject('/')];

  expect([ok.statusCode, ok.json()]).toMatchObject([200, { status: 'ok', secrets: [{ name: 'db', versionId: 'v1' }] }]);
  expect([failing.statusCode, failing.json()]).toMatchObject([503, { status: 'failing' }]);
  expect([cutOff.statusCode, cutOff.json()]).toEqual([503, { code: 'ERR_CLIENT_CLOSED' }]);
  expect([ok, failing].some(({ body }) => body.includes('s3cret-'))).toBe(false);
});

test('neither inspecting a request nor turning its secrets into JSON shows a value', async () => {
  const app = fastify();
  await app.register(secrets, { client: fixedSecrets({ db: 's3cret-db' }), preload: ['db'] });
  app.get('/', async (request) => {
    const printed = inspect(request, { depth: 6, showHidden: true }) + inspect(request.secrets, { getters: true });
    return [printed.includes('s3cret-'), JSON.stringify(request.secrets)];
  });

  expect(await ask(app, '/')).toEqual([[false, '{}']]);
});
