import { inspect } from 'node:util';
import type { SchemasOf } from '@kms-secrets/core';
import { FakeClock, FakeTransport, fixedSecrets } from '@kms-secrets/testing';
import { Hono } from 'hono';
import type { ErrorHandler } from 'hono';
import { afterEach, expect, test, vi } from 'vitest';
import { createSecretClient, getSecrets, isSecretError, secrets } from './index.ts';
import type { SecretClient, SecretsVariables } from './index.ts';

function setup(...names: string[]): { kms: FakeTransport; client: SecretClient; rotate: () => Promise<void> } {
  const kms = new FakeTransport();
  const client = createSecretClient({ endpoints: [kms] });
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

interface User {
  readonly user: string;
}

/** A Standard Schema validator of no particular library. */
const userSchema: SchemasOf<{ db: User }>['db'] = {
  '~standard': {
    version: 1,
    vendor: 'tests',
    validate: (value) =>
      typeof value === 'object' && value !== null && 'user' in value && typeof value.user === 'string'
        ? { value: { user: value.user } }
        : { issues: [{ message: 'no user', path: ['user'] }] },
  },
};

interface App {
  request(path: string): Response | Promise<Response>;
}

/** Requests the paths one after the other; resolves to the response bodies. */
async function bodiesOf(app: App, ...paths: readonly string[]): Promise<readonly unknown[]> {
  const bodies: unknown[] = [];
  for (const path of paths) bodies.push(await (await app.request(path)).json());
  return bodies;
}

const sendError: ErrorHandler = (error, c) =>
  c.json({ code: isSecretError(error) ? error.code : undefined, message: error.message });

afterEach(() => void vi.unstubAllGlobals());

test('a request keeps one version of each secret; the next request sees the new one', async () => {
  const { client, rotate } = setup('user', 'password');
  const app = new Hono().use(secrets(client, { preload: ['user'] })).get('/', async (c) => {
    await c.var.secrets.get('password');
    await rotate();
    return c.json([c.var.secrets.secret('user').versionId, (await c.var.secrets.get('password')).versionId]);
  });

  expect(await bodiesOf(app, '/', '/')).toEqual([
    ['v1', 'v1'],
    ['v2', 'v2'],
  ]);
});

test('c.var.secrets.get() reads the stage of its options', async () => {
  const { client } = setup('db');
  const app = new Hono().use(secrets(client, { preload: ['db'] })).get('/', async (c) => {
    const previous = await c.var.secrets.get('db', { stage: 'ACSPrevious' });
    return c.json([previous.stages, (await c.var.secrets.get('db')).stages]);
  });

  expect(await bodiesOf(app, '/')).toEqual([[['ACSPrevious'], ['ACSCurrent']]]);
});

test('calls the next middleware synchronously if all secrets are in memory', async () => {
  const { client } = setup('db');
  await client.get('db');
  const order: string[] = [];
  const app = new Hono<{ Variables: SecretsVariables }>();
  app.use((_c, next) => {
    const done = next();
    order.push('next() returned');
    return done;
  });
  app.use(secrets(client, { preload: ['db'] }));
  app.get('/', (c) => {
    order.push('responded');
    return c.json([]);
  });

  await bodiesOf(app, '/');

  expect(order).toEqual(['responded', 'next() returned']);
});

test('concurrent first requests share one fetch per name, and no snapshot', async () => {
  const { client, kms } = setup('a', 'b', 'c');
  const app = new Hono().use(secrets(client, { preload: ['a', 'b'] }));
  const routes = app.get('/', async (c) => c.json([(await c.var.secrets.get('c')).versionId]));

  const bodies = await Promise.all(Array.from({ length: 20 }, async () => (await routes.request('/')).text()));

  expect(new Set(bodies)).toEqual(new Set(['["v1"]']));
  expect(kms.requests.map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'c']);
});

test('a preload that fails reaches the error handler; a later request succeeds', async () => {
  const { client, kms } = setup('db');
  kms.fail('rejected');
  const app = new Hono()
    .use(secrets(client, { preload: ['db'] }))
    .get('/', (c) => c.json([c.var.secrets.secret('db').versionId]))
    .onError(sendError);

  const [failed] = await bodiesOf(app, '/');
  kms.heal();
  void client.invalidate('db');

  expect(failed).toMatchObject({ code: 'ERR_SECRET_SET' });
  expect(await bodiesOf(app, '/')).toEqual([['v1']]);
});

test('a refusal reaches a request that has read the secret', async () => {
  const { client, kms } = setup('db');
  const app = new Hono().onError(sendError).use(secrets(client, { preload: ['db'] }));
  const routes = app.get('/', async (c) => {
    kms.fail('denied');
    await client.refresh('db').catch(() => {});
    return c.json([(await c.var.secrets.get('db')).versionId]);
  });

  expect(await bodiesOf(routes, '/', '/')).toMatchObject([{ code: 'ERR_ACCESS_DENIED' }, { code: 'ERR_SECRET_SET' }]);
});

test('inspecting a context or serializing its secrets shows no value', async () => {
  const { client } = setup('db', 'api');
  const app = new Hono().use(secrets(client, { preload: ['db'] })).get('/', async (c) => {
    await c.var.secrets.get('api');
    const printed = inspect(c, { depth: 9, showHidden: true }) + inspect(c.var, { depth: 9, getters: true });
    return c.json([printed.includes('s3cret-'), JSON.stringify(c), JSON.stringify(c.var)]);
  });

  expect(await bodiesOf(app, '/')).toEqual([[false, expect.not.stringContaining('s3cret-'), '{"secrets":{}}']]);
});

test('a second use of the same client keeps the secrets already read and adds its names', async () => {
  const { client, rotate } = setup('user', 'password');
  const inner = new Hono()
    .use(secrets(client, { preload: ['user', 'password'] }))
    .get('/', (c) => c.json(['user', 'password'].map((name) => c.var.secrets.secret(name).versionId)));
  const app = new Hono().use(secrets(client, { preload: ['user'] })).use((_c, next) => rotate().then(next));
  app.route('/inner', inner);

  expect(await bodiesOf(app, '/inner')).toEqual([['v1', 'v2']]);
});

test('several clients are distinguished by their names, in any order', async () => {
  const main = setup('db');
  const other = setup('db', 'stripe');
  await other.rotate();
  const billing = secrets<{ db: unknown; stripe: unknown }>(other.client, { as: 'billing', preload: ['db'] });
  const app = new Hono()
    .use(billing)
    .use(secrets(main.client, { preload: ['db'] }))
    .get('/', async (c) => {
      const ofBilling = c.var.secrets.of('billing');
      const [ours, theirs] = [c.var.secrets.secret('db').versionId, getSecrets(c, billing).secret('db').versionId];
      return c.json([ours, theirs, ofBilling.secret('db').versionId, (await ofBilling.get('stripe')).name]);
    });

  expect(await bodiesOf(app, '/')).toEqual([['v1', 'v2', 'v2', 'stripe']]);
});

test.each([
  ['without a name', {}],
  ['as "billing"', { as: 'billing' }],
])('refuses two clients %s on one request', async (which, options) => {
  const app = new Hono().onError(sendError).use(secrets(setup('db').client, options));
  app.use(secrets(setup('db').client, options)).get('/', (c) => c.json([]));

  expect(await bodiesOf(app, '/')).toMatchObject([
    { message: expect.stringContaining(`Two clients are mounted ${which}`) },
  ]);
});

test.each([
  ['is missing', []],
  ['comes after the routes', [secrets(setup('db').client)]],
])('getSecrets says where to add the middleware if it %s', async (_, late) => {
  const app = new Hono().onError(sendError).get('/', (c) => c.json(getSecrets(c)));
  for (const middleware of late) app.use(middleware);

  expect(await bodiesOf(app, '/')).toMatchObject([
    { message: expect.stringMatching(/in front of the routes.*app\.use\(secrets\(client/u) },
  ]);
});

test('refuses a request whose variable another middleware has set', async () => {
  const app = new Hono<{ Variables: { secrets: object } }>().onError(sendError);
  app.use((c, next) => {
    c.set('secrets', {});
    return next();
  });
  app.use(secrets(setup('db').client));

  expect(await bodiesOf(app, '/')).toMatchObject([
    { message: expect.stringMatching(/^Another middleware has set the variable "secrets"/u) },
  ]);
});

test('validates JSON with the schema of its name; a mismatch reaches the error handler', async () => {
  const client = fixedSecrets({ db: { user: 'app' }, api: { token: 's3cret-two' } });
  const withUser = secrets<{ db: User; api: User }>(client, {
    preload: ['db', 'api'],
    schemas: { db: userSchema, api: userSchema },
  });
  const app = new Hono().onError(sendError).use(withUser);
  const routes = app.get('/:name', (c) => c.json([c.var.secrets.json(c.req.param('name') as 'db').user]));

  expect(await bodiesOf(routes, '/db', '/api')).toMatchObject([['app'], { code: 'ERR_SECRET_TYPE' }]);
});

test('ready() waits for the preload of the middleware and of the client', async () => {
  const { kms, client } = setup('db', 'api');

  await secrets(client, { preload: ['db', 'api'] }).ready();
  await secrets({ endpoints: [kms], preload: ['db'] }).ready();

  expect([kms.requests.length, client.peek('db')?.versionId]).toEqual([3, 'v1']);
});

test('ready() names every secret that could not be read, or does not match its schema', async () => {
  const { client } = setup('db');
  const mismatching = fixedSecrets({ api: { token: 's3cret-two' } });

  await expect(secrets(client, { preload: ['db', 'typo', 'slip'] }).ready()).rejects.toThrow(
    /2 of 3 secrets could not be preloaded:[^]*typo[^]*slip/u,
  );
  await expect(
    secrets<{ api: User }>(mismatching, { preload: ['api'], schemas: { api: userSchema } }).ready(),
  ).rejects.toMatchObject({ code: 'ERR_SECRET_TYPE', secretName: 'api' });
});

test('serves preload from memory after a night without requests, in an outage', async () => {
  const kms = new FakeTransport();
  const clock = new FakeClock();
  kms.put('db', 'v1');
  const client = createSecretClient({ endpoints: [kms], clock, retry: { maxAttempts: 1 } });
  const middleware = secrets(client, { preload: ['db'] });
  await middleware.ready();
  const app = new Hono().use(middleware).get('/', (c) => c.json([c.var.secrets.secret('db').versionId]));
  await clock.pass('12h');
  kms.put('db', 'v2');
  await clock.pass('1h');
  kms.fail('unreachable');

  expect(await bodiesOf(app, '/')).toEqual([['v2']]);

  await middleware.close();
  expect(client.stats().pinned).toBe(0);
});

test('close() closes a client that the middleware created, and no other', async () => {
  const given = new FakeTransport();
  const created = new FakeTransport();
  const client = createSecretClient({ endpoints: [given] });

  await secrets(client).close();
  await secrets({ endpoints: [created] }).close();

  expect([given.isClosed, created.isClosed]).toEqual([false, true]);
});

test('refuses unknown options of the client and of the middleware', () => {
  const { client } = setup();
  // Mistakes that the types reject.
  const clientOptions = { client } as object;
  const options = { prelaod: ['db'] } as object;

  expect(() => secrets(clientOptions)).toThrow(/client[^]*endpoints/u);
  expect(() => secrets(client, options)).toThrow(/prelaod \(secrets\(\)\)[^]*as, preload, schemas/u);
});

test.each([
  ['Deno/2.9.6', 'deno'],
  ['Bun/1.4.5', 'bun'],
  ['Cloudflare-Workers', 'workerd'],
])('refuses the runtime of %s before it creates a client, and says what is expected', (userAgent, runtime) => {
  vi.stubGlobal('navigator', { userAgent });
  const created = new FakeTransport();

  expect(() => secrets({ endpoints: [created], credentials: 'wrong' as never })).toThrow(
    new RegExp(`runs on Node\\.js only, and this runtime is "${runtime}"\\.[^]*@hono/node-server`, 'u'),
  );
});
