import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { Secret } from '@kms-secrets/core';
import type { SchemasOf } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import express5 from 'express';
import type { ErrorRequestHandler, Request } from 'express';
// @ts-expect-error -- Express 4 under another name has no types of its own
import untyped from 'express4';
import { describe, expect, test } from 'vitest';
import { createSecretClient, getSecrets, isSecretError, secrets } from './index.ts';
import type { SecretClient } from './index.ts';

const express4 = untyped as typeof express5; // the parts used here are the same in both

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

/** Serves the app on loopback while `use` runs. */
async function serving<Result>(
  app: RequestListener,
  use: (get: (path: string) => Promise<unknown>) => Promise<Result>,
): Promise<Result> {
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a string only for a pipe
  try {
    return await use(async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).json());
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Requests the paths one after the other; resolves to the response bodies. */
function bodiesOf(app: RequestListener, ...paths: readonly string[]): Promise<readonly unknown[]> {
  return serving(app, async (get) => {
    const bodies: unknown[] = [];
    for (const path of paths) bodies.push(await get(path));
    return bodies;
  });
}

/** Serializes a request, which is full of cycles, with each object once. */
function toJson(value: unknown): string {
  const seen = new WeakSet();
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null) return inner;
    if (seen.has(inner)) return undefined;
    seen.add(inner);
    return inner;
  });
}

// oxlint-disable-next-line max-params -- Express recognises an error handler by its four parameters
const sendError: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  res.json({
    code: isSecretError(error) ? error.code : undefined,
    message: error instanceof Error ? error.message : '',
  });
};

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('%s', (_version, express) => {
  test('a request keeps one version of a secret; the next request sees the new one', async () => {
    const { client, rotate } = setup('db');
    const app = express().use(secrets(client));
    app.get('/', (req, res, next) => {
      const read = async (): Promise<string> => (await req.secrets.get('db')).versionId;
      const run = async (): Promise<void> => {
        const before = await read();
        await rotate();
        res.json([before, await read()]);
      };
      run().catch(next);
    });

    expect(await bodiesOf(app, '/', '/')).toEqual([
      ['v1', 'v1'],
      ['v2', 'v2'],
    ]);
  });

  test('a rotation during a request never mixes versions of preloaded secrets', async () => {
    const { client, rotate } = setup('user', 'password');
    const app = express().use(secrets(client, { preload: ['user', 'password'] }));
    app.get('/', (req, res, next) => {
      const user = req.secrets.text('user').slice(-2);
      rotate().then(() => res.json([user, req.secrets.text('password').slice(-2)]), next);
    });

    expect(await bodiesOf(app, '/', '/')).toEqual([
      ['v1', 'v1'],
      ['v2', 'v2'],
    ]);
  });

  test('calls the next middleware synchronously if all secrets are in memory', async () => {
    const { client } = setup('db');
    const order: string[] = [];
    const app = express().use((_req, _res, next) => {
      next();
      order.push('next() returned');
    });
    app.use(secrets(client, { preload: ['db'] }));
    app.get('/', (_req, res) => {
      order.push('responded');
      res.json([...order]);
    });

    await bodiesOf(app, '/', '/');

    expect(order).toEqual(['next() returned', 'responded', 'responded', 'next() returned']);
  });

  test('concurrent first requests share one fetch per name', async () => {
    const { client, kms } = setup('a', 'b', 'c');
    const app = express().use(secrets(client, { preload: ['a', 'b'] }));
    app.get('/', (req, res, next) => {
      req.secrets.get('c').then(({ versionId }) => res.json(versionId), next);
    });

    const bodies = await serving(app, (get) => Promise.all(Array.from({ length: 20 }, () => get('/'))));

    expect(new Set(bodies)).toEqual(new Set(['v1']));
    expect(kms.requests.map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'c']);
  });

  test('a preload that fails reaches the error handler; a later request succeeds', async () => {
    const { client, kms } = setup('db');
    kms.fail('rejected');
    const app = express().use(secrets(client, { preload: ['db'] }));
    app.get('/', (req, res) => res.json(req.secrets.secret('db').versionId));
    app.use(sendError);

    const [failed] = await bodiesOf(app, '/');
    kms.heal();
    void client.invalidate('db');

    expect(failed).toMatchObject({ code: 'ERR_SECRET_SET' });
    expect(await bodiesOf(app, '/')).toEqual(['v1']);
  });

  test('inspecting or serializing a request shows no value', async () => {
    const { client } = setup('db', 'api');
    const app = express().use(secrets(client, { preload: ['db'] }));
    app.get('/', (req, res, next) => {
      const inspectRequest = (): void => {
        req.secrets.text('db');
        const printed = inspect(req, { depth: 9, showHidden: true }) + inspect(req.secrets) + toJson(req);
        res.json({
          hasSecrets: printed.includes('[secrets]'),
          isShown: printed.includes('s3cret-'),
          json: req.secrets,
        });
      };
      req.secrets.get('api').then(inspectRequest).catch(next);
    });

    expect(await bodiesOf(app, '/')).toEqual([{ hasSecrets: true, isShown: false, json: {} }]);
  });

  test('adds nothing enumerable to the request and nothing to res.locals', async () => {
    const { client } = setup('db');
    const app = express().use(secrets(client, { preload: ['db'] }));
    app.get('/', (req, res) => {
      res.json([Object.keys(req).includes('secrets'), Reflect.ownKeys(res.locals)]);
    });

    expect(await bodiesOf(app, '/')).toEqual([[false, []]]);
  });

  test('a second mount keeps the secrets already read and adds its names', async () => {
    const { client, rotate } = setup('user', 'password');
    const inner = express().use(secrets(client, { preload: ['user', 'password'] }));
    inner.get('/', (req, res) => {
      res.json([req.secrets.secret('user').versionId, req.secrets.secret('password').versionId]);
    });
    const app = express().use(secrets(client, { preload: ['user'] }));
    app.use((_req, _res, next) => {
      rotate().then(() => next(), next);
    });
    app.use('/inner', inner);

    expect(await bodiesOf(app, '/inner')).toEqual([['v1', 'v2']]);
  });

  test('several named clients can be mounted in any order', async () => {
    const app = setup('db');
    const billing = setup('db', 'stripe');
    await billing.rotate();
    const service = express().use(secrets(billing.client, { as: 'billing', preload: ['db'] }));
    service.use(secrets(app.client, { preload: ['db'] }));
    service.get('/', (req, res, next) => {
      const ours = req.secrets.secret('db').versionId;
      const theirs = req.secrets.of('billing').secret('db').versionId;
      req.secrets
        .of('billing')
        .get('stripe')
        .then(({ name }) => res.json([ours, theirs, name]), next);
    });

    expect(await bodiesOf(service, '/')).toEqual([['v1', 'v2', 'stripe']]);
  });

  test.each([
    ['without a name', undefined],
    ['as "billing"', 'billing'],
  ])('refuses two clients %s on one request', async (which, as) => {
    const app = express().use(secrets(setup('db').client, { as }));
    app.use('/inner', express.Router().use(secrets(setup('db').client, { as })));
    app.get('/', (_req, res) => res.json('fine'));
    app.use(sendError);

    expect(await bodiesOf(app, '/', '/inner')).toMatchObject([
      'fine',
      { message: expect.stringContaining(`Two clients are mounted ${which}`) },
    ]);
  });

  test('a name that is not preloaded must be awaited, and the error says so', async () => {
    const { client } = setup('db');
    const app = express().use(secrets(client));
    app.get('/', (req, res) => res.json(req.secrets.text('db')));
    app.use(sendError);

    const [body] = await bodiesOf(app, '/');

    expect(body).toMatchObject({
      message: expect.stringMatching(/"db".*preload: \[.*await .*get\("db"\)/su),
    });
  });

  test('a secret that was awaited once can be read without waiting', async () => {
    const { client } = setup('db');
    const app = express().use(secrets(client));
    app.use((req, _res, next) => {
      req.secrets.get('db').then(() => next(), next);
    });
    app.get('/', (req, res) => res.json(req.secrets.secret('db').versionId));

    expect(await bodiesOf(app, '/')).toEqual(['v1']);
  });

  test.each([
    ['is missing', []],
    ['comes after the routes', [secrets(setup('db').client)]],
  ])('getSecrets says where to mount the middleware if it %s', async (_, late) => {
    const app = express().get('/', (req, res) => res.json(getSecrets(req)));
    for (const middleware of late) app.use(middleware);
    app.use(sendError);

    const [body] = await bodiesOf(app, '/');

    expect(body).toMatchObject({
      message: expect.stringMatching(/in front of the routes.*app\.use\(secrets\(client/u),
    });
  });

  test('a client that is not mounted throws, and the error says where to mount it', async () => {
    const middleware = secrets(setup('db').client, { as: 'billing' });
    const app = express().use(middleware);
    app.get('/none', (req, res) => res.json(req.secrets.text('db')));
    app.get('/other', (req, res) => res.json(req.secrets.of('mail').text('db')));
    app.use(sendError);

    const [none, other] = await bodiesOf(app, '/none', '/other');

    expect(none).toMatchObject({ message: expect.stringMatching(/without a name.*in front of the routes/u) });
    expect(other).toMatchObject({ message: expect.stringMatching(/"mail".*as: 'mail'.*in front of the routes/u) });
  });

  test('a mount on a sub-app applies to that sub-app only', async () => {
    const { client } = setup('db');
    const inner = express().use(secrets(client, { preload: ['db'] }));
    inner.get('/', (req, res) => res.json(req.secrets.secret('db').versionId));
    const app = express().use('/inner', inner);
    app.get('/', (req, res) => res.json(getSecrets(req)));
    app.use(sendError);

    expect(await bodiesOf(app, '/inner', '/')).toMatchObject([
      'v1',
      { message: expect.stringContaining('No secrets') },
    ]);
  });

  test('getSecrets reads by the middleware, with the types given to it', async () => {
    const { client } = setup('db');
    const [unnamed, billing] = [
      secrets<{ db: unknown }>(client, { preload: ['db'] }),
      secrets<{ db: unknown }>(client, { as: 'billing', preload: ['db'] }),
    ];
    const app = express().use(unnamed, billing);
    app.get('/', (req, res) => {
      res.json([unnamed, billing].map((middleware) => getSecrets(req, middleware).secret('db').versionId));
    });

    expect(await bodiesOf(app, '/')).toEqual([['v1', 'v1']]);
  });

  test('validates JSON with the schema of its name; a mismatch reaches the error handler', async () => {
    const { client, kms } = setup();
    kms.put('db', 'v1', { value: '{"user":"app","password":"s3cret-one"}' });
    kms.put('api', 'v1', { value: '{"token":"s3cret-two"}' });
    const withUser = secrets<{ db: User; api: User }>(client, {
      preload: ['db', 'api'],
      schemas: { db: userSchema, api: userSchema },
    });
    const app = express().use(withUser);
    app.get('/:name', (req, res) => res.json(getSecrets(req, withUser).json(req.params.name as 'db').user));
    app.use(sendError);

    expect(await bodiesOf(app, '/db', '/api')).toMatchObject(['app', { code: 'ERR_SECRET_TYPE' }]);
  });
});

test('a rejected read in an async route reaches the error handler of Express 5', async () => {
  const { client, kms } = setup('db');
  kms.fail('denied');
  const app = express5().use(secrets(client));
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- the subject of the test
  app.get('/', async (req, res) => {
    res.json((await req.secrets.get('db')).versionId);
  });
  app.use(sendError);

  expect(await bodiesOf(app, '/')).toMatchObject([{ code: 'ERR_ACCESS_DENIED' }]);
});

test('a refusal reaches a request that has read the secret', async () => {
  const { client, kms } = setup('db');
  const app = express5().use(secrets(client, { preload: ['db'] }));
  app.get('/', (req, res, next) => {
    const run = async (): Promise<void> => {
      kms.fail('denied');
      await client.refresh('db').catch(() => {});
      res.json((await req.secrets.get('db')).versionId);
    };
    run().catch(next);
  });
  app.use(sendError);

  expect(await bodiesOf(app, '/', '/')).toMatchObject([{ code: 'ERR_ACCESS_DENIED' }, { code: 'ERR_SECRET_SET' }]);
});

test('pins the version of the concurrent read that ends first', async () => {
  const releases: (() => void)[] = [];
  const fetchOf = async (versionId: string): Promise<Secret> => {
    await new Promise<void>((resolve) => releases.push(resolve));
    return new Secret({ name: 'db', versionId, value: 's3cret-', dataType: 'text' });
  };
  const endpoint = { endpoint: 'kms.example', fetch: () => fetchOf(`v${releases.length + 1}`), close: () => {} };
  const client = createSecretClient({ endpoints: [endpoint] });
  const app = express5().use(secrets(client));
  app.get('/', (req, res, next) => {
    const run = async (): Promise<void> => {
      const early = req.secrets.get('db');
      await expect.poll(() => releases.length).toBe(1);
      void client.invalidate('db');
      const late = req.secrets.get('db');
      await expect.poll(() => releases.length).toBe(2);
      releases[1]?.();
      const second = await late;
      releases[0]?.();
      res.json([(await early).versionId, second.versionId]);
    };
    run().catch(next);
  });

  expect(await bodiesOf(app, '/')).toEqual([['v2', 'v2']]);
});

test('getSecrets recognises a snapshot of another copy, and nothing else', () => {
  const foreign = { preload: () => {}, mount: () => {}, of: () => {} };
  // getSecrets uses nothing else of the request.
  const on = (present: unknown): Request => ({ secrets: present }) as Request;

  expect(getSecrets(on(foreign))).toBe(foreign);
  expect(() => getSecrets(on(['cookie-signing-key']))).toThrow('No secrets on this request');
});

test('ready() waits for the preloaded names', async () => {
  const { client, kms } = setup('db', 'api');
  const middleware = secrets(client, { preload: ['db', 'api'] });

  await middleware.ready();

  expect(kms.requests).toHaveLength(2);
  expect(client.peek('db')?.versionId).toBe('v1');
});

test('ready() also waits for the preload option of the client', async () => {
  const { kms } = setup('db');

  await secrets({ endpoints: [kms], preload: ['db'] }).ready();

  expect(kms.requests).toHaveLength(1);
});

test('ready() names every secret that could not be read', async () => {
  const { client } = setup('db');

  const ready = secrets(client, { preload: ['db', 'typo', 'slip'] }).ready();

  await expect(ready).rejects.toThrow(/2 of 3 secrets could not be preloaded:[^]*typo[^]*slip/);
});

test('ready() rejects if a secret does not match its schema', async () => {
  const { client, kms } = setup();
  kms.put('db', 'v1', { value: '{"user":"app"}' });
  kms.put('api', 'v1', { value: '{"token":"s3cret-two"}' });

  await secrets<{ db: User }>(client, { preload: ['db'], schemas: { db: userSchema } }).ready();
  const mismatching = secrets<{ api: User }>(client, { preload: ['api'], schemas: { api: userSchema } }).ready();

  await expect(mismatching).rejects.toMatchObject({ code: 'ERR_SECRET_TYPE', secretName: 'api' });
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

  expect(() => secrets(clientOptions)).toThrow(/client[^]*endpoints/);
  expect(() => secrets(client, options)).toThrow(/prelaod \(secrets\(\)\)[^]*as, preload, schemas/u);
});

test('refuses a request whose secrets another middleware has set', () => {
  const req = { secrets: {} } as unknown as Request; // the middleware reads nothing else

  expect(() => secrets(setup('db').client)(req, {} as never, () => {})).toThrow(/^Another middleware has set req/u);
});
