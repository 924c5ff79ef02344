import { inspect } from 'node:util';
import { Router } from '@koa/router';
import type { SchemasOf } from '@kms-secrets/core';
import { FakeClock, FakeTransport, fixedSecrets } from '@kms-secrets/testing';
import Koa3 from 'koa';
import type { ExtendableContext, Next } from 'koa';
import { describe, expect, test } from 'vitest';
import { createSecretClient, getSecrets, isSecretError, secrets } from './index.ts';
import { bodiesOf, serving, setup, versions } from './serving.fixture.ts';

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

async function sendError(ctx: ExtendableContext, next: Next): Promise<void> {
  try {
    await next();
  } catch (error) {
    const code = isSecretError(error) ? error.code : undefined;
    ctx.body = { code, message: error instanceof Error ? error.message : '' };
  }
}

/** Serializes a context, which is full of cycles, with each object once. */
function toJson(value: unknown): string {
  const seen = new WeakSet();
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null) return inner;
    if (seen.has(inner)) return undefined;
    seen.add(inner);
    return inner;
  });
}

describe.each(versions)('%s', (_version, Koa) => {
  test('a request keeps one version of each secret; the next request sees the new one', async () => {
    const { client, rotate } = setup('user', 'password');
    const app = new Koa().use(secrets(client, { preload: ['user'] }));
    app.use(async (ctx) => {
      await ctx.secrets.get('password');
      await rotate();
      ctx.body = [ctx.secrets.secret('user').versionId, (await ctx.secrets.get('password')).versionId];
    });

    expect(await bodiesOf(app, '/', '/')).toEqual([
      ['v1', 'v1'],
      ['v2', 'v2'],
    ]);
  });

  test('ctx.secrets.get() reads the stage of its options', async () => {
    const { client } = setup('db');
    const app = new Koa().use(secrets(client, { preload: ['db'] }));
    app.use(async (ctx) => {
      const previous = await ctx.secrets.get('db', { stage: 'ACSPrevious' });
      ctx.body = [previous.stages, (await ctx.secrets.get('db')).stages];
    });

    expect(await bodiesOf(app, '/')).toEqual([[['ACSPrevious'], ['ACSCurrent']]]);
  });

  test('calls the next middleware synchronously if all secrets are in memory', async () => {
    const { client } = setup('db');
    await client.get('db');
    const order: string[] = [];
    const app = new Koa().use((_ctx, next) => {
      const done = next();
      order.push('next() returned');
      return done;
    });
    app.use(secrets(client, { preload: ['db'] }));
    app.use((ctx) => {
      order.push('responded');
      ctx.body = [];
    });

    await bodiesOf(app, '/');

    expect(order).toEqual(['responded', 'next() returned']);
  });

  test('concurrent first requests share one fetch per name, and no snapshot', async () => {
    const { client, kms } = setup('a', 'b', 'c');
    const app = new Koa().use(secrets(client, { preload: ['a', 'b'] }));
    app.use(async (ctx) => (ctx.body = [(await ctx.secrets.get('c')).versionId]));

    const bodies = await serving(app, (get) =>
      Promise.all(Array.from({ length: 20 }, async () => (await get('/')).text())),
    );

    expect(new Set(bodies)).toEqual(new Set(['["v1"]']));
    expect(kms.requests.map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'c']);
  });

  test('a preload that fails reaches the error handler; a later request succeeds', async () => {
    const { client, kms } = setup('db');
    kms.fail('rejected');
    const app = new Koa().use(sendError).use(secrets(client, { preload: ['db'] }));
    app.use((ctx) => (ctx.body = [ctx.secrets.secret('db').versionId]));

    const [failed] = await bodiesOf(app, '/');
    kms.heal();
    void client.invalidate('db');

    expect(failed).toMatchObject({ code: 'ERR_SECRET_SET' });
    expect(await bodiesOf(app, '/')).toEqual([['v1']]);
  });

  test('a refusal reaches a request that has read the secret', async () => {
    const { client, kms } = setup('db');
    const app = new Koa().use(sendError).use(secrets(client, { preload: ['db'] }));
    app.use(async (ctx) => {
      kms.fail('denied');
      await client.refresh('db').catch(() => {});
      ctx.body = [(await ctx.secrets.get('db')).versionId];
    });

    expect(await bodiesOf(app, '/', '/')).toMatchObject([{ code: 'ERR_ACCESS_DENIED' }, { code: 'ERR_SECRET_SET' }]);
  });

  test('inspecting or serializing a context shows no value and no property', async () => {
    const { client } = setup('db', 'api');
    const app = new Koa().use(secrets(client, { preload: ['db'] }));
    app.use(async (ctx) => {
      await ctx.secrets.get('api');
      const printed =
        inspect(ctx, { depth: 9, showHidden: true }) + inspect({ ...ctx }, { depth: 9 }) + toJson({ ...ctx });
      ctx.body = [printed.includes('s3cret-'), Object.keys(ctx).includes('secrets'), ctx.state, ctx.secrets];
    });

    expect(await bodiesOf(app, '/')).toEqual([[false, false, {}, {}]]);
  });

  test('a second use of the same client keeps the secrets already read and adds its names', async () => {
    const { client, rotate } = setup('user', 'password');
    const router = new Router().use(secrets(client, { preload: ['user', 'password'] }));
    router.get('/inner', (ctx) => {
      ctx.body = [ctx.secrets.secret('user').versionId, ctx.secrets.secret('password').versionId];
    });
    const app = new Koa().use(secrets(client, { preload: ['user'] }));
    app.use((_ctx, next) => rotate().then(next)).use(router.routes());

    expect(await bodiesOf(app, '/inner')).toEqual([['v1', 'v2']]);
  });

  test('several clients are distinguished by their names, in any order', async () => {
    const main = setup('db');
    const other = setup('db', 'stripe');
    await other.rotate();
    const billing = secrets<{ db: unknown; stripe: unknown }>(other.client, { as: 'billing', preload: ['db'] });
    const app = new Koa().use(billing).use(secrets(main.client, { preload: ['db'] }));
    app.use(async (ctx) => {
      const ofBilling = ctx.secrets.of('billing');
      const [ours, theirs] = [ctx.secrets.secret('db').versionId, getSecrets(ctx, billing).secret('db').versionId];
      ctx.body = [ours, theirs, ofBilling.secret('db').versionId, (await ofBilling.get('stripe')).name];
    });

    expect(await bodiesOf(app, '/')).toEqual([['v1', 'v2', 'v2', 'stripe']]);
  });

  test.each([
    ['without a name', undefined],
    ['as "billing"', 'billing'],
  ])('refuses two clients %s on one request', async (which, as) => {
    const app = new Koa().use(sendError).use(secrets(setup('db').client, { as }));
    app.use(secrets(setup('db').client, { as })).use((ctx) => (ctx.body = []));

    expect(await bodiesOf(app, '/')).toMatchObject([
      { message: expect.stringContaining(`Two clients are mounted ${which}`) },
    ]);
  });

  test.each([
    ['is missing', []],
    ['comes after the routes', [secrets(setup('db').client)]],
  ])('getSecrets says where to add the middleware if it %s', async (_, late) => {
    const app = new Koa().use(sendError).use((ctx) => (ctx.body = getSecrets(ctx)));
    for (const middleware of late) app.use(middleware);

    expect(await bodiesOf(app, '/')).toMatchObject([
      { message: expect.stringMatching(/in front of the routes.*app\.use\(secrets\(client/u) },
    ]);
  });

  test('refuses a context whose secrets another middleware has set', async () => {
    const app = new Koa().use(sendError);
    app.use((ctx, next) => {
      Object.assign(ctx, { secrets: {} });
      return next();
    });
    app.use(secrets(setup('db').client));

    expect(await bodiesOf(app, '/')).toMatchObject([
      { message: expect.stringMatching(/^Another middleware has set ctx\.secrets/u) },
    ]);
  });

  test('validates JSON with the schema of its name; a mismatch reaches the error handler', async () => {
    const client = fixedSecrets({ db: { user: 'app' }, api: { token: 's3cret-two' } });
    const withUser = secrets<{ db: User; api: User }>(client, {
      preload: ['db', 'api'],
      schemas: { db: userSchema, api: userSchema },
    });
    const app = new Koa().use(sendError).use(withUser);
    app.use((ctx) => (ctx.body = [getSecrets(ctx, withUser).json(ctx.path.slice(1) as 'db').user]));

    expect(await bodiesOf(app, '/db', '/api')).toMatchObject([['app'], { code: 'ERR_SECRET_TYPE' }]);
  });
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
  const app = new Koa3().use(middleware).use((ctx) => (ctx.body = [ctx.secrets.secret('db').versionId]));
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
