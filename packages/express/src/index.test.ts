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

const express4 = untyped as typeof express5; // whatever is used of it here is the same in both

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

/** Has the app on loopback for as long as it is used. */
async function over<Result>(
  app: RequestListener,
  use: (get: (path: string) => Promise<unknown>) => Promise<Result>,
): Promise<Result> {
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a text only for a pipe
  try {
    return await use(async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).json());
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** What the app answers, asked one after the other. */
function ask(app: RequestListener, ...paths: readonly string[]): Promise<readonly unknown[]> {
  return over(app, async (get) => {
    const answers: unknown[] = [];
    for (const path of paths) answers.push(await get(path));
    return answers;
  });
}

/** A request is full of circles: each object stands in it once. */
function asJson(value: unknown): string {
  const seen = new WeakSet();
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null) return inner;
    if (seen.has(inner)) return undefined;
    seen.add(inner);
    return inner;
  });
}

async function untilTrue(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

// oxlint-disable-next-line max-params -- Express knows an error handler by its four parameters
const answerTheError: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  res.json({
    code: isSecretError(error) ? error.code : undefined,
    message: error instanceof Error ? error.message : '',
  });
};

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('%s', (_version, express) => {
  test('a request sees one version of a secret until its end, and the next request the new one', async () => {
    const { client, rotate } = setup('db');
    const app = express().use(secrets(client));
    app.get('/', (req, res, next) => {
      const read = async (): Promise<string> => (await req.secrets.get('db')).versionId;
      const story = async (): Promise<void> => {
        const before = await read();
        await rotate();
        res.json([before, await read()]);
      };
      story().catch(next);
    });

    expect(await ask(app, '/', '/')).toEqual([
      ['v1', 'v1'],
      ['v2', 'v2'],
    ]);
  });

  test('a rotation in mid-request never mixes old and new across preloaded names', async () => {
    const { client, rotate } = setup('user', 'password');
    const app = express().use(secrets(client, { preload: ['user', 'password'] }));
    app.get('/', (req, res, next) => {
      const user = req.secrets.text('user').slice(-2);
      rotate().then(() => res.json([user, req.secrets.text('password').slice(-2)]), next);
    });

    expect(await ask(app, '/', '/')).toEqual([
      ['v1', 'v1'],
      ['v2', 'v2'],
    ]);
  });

  test('the next middleware is called at once if all is in memory, and later if not', async () => {
    const { client } = setup('db');
    const order: string[] = [];
    const app = express().use((_req, _res, next) => {
      next();
      order.push('passed on');
    });
    app.use(secrets(client, { preload: ['db'] }));
    app.get('/', (_req, res) => {
      order.push('answered');
      res.json([...order]);
    });

    await ask(app, '/', '/');

    expect(order).toEqual(['passed on', 'answered', 'answered', 'passed on']);
  });

  test('a crowd of first requests is one fetch a name', async () => {
    const { client, kms } = setup('a', 'b', 'c');
    const app = express().use(secrets(client, { preload: ['a', 'b'] }));
    app.get('/', (req, res, next) => {
      req.secrets.get('c').then(({ versionId }) => res.json(versionId), next);
    });

    const crowd = await over(app, (get) => Promise.all(Array.from({ length: 20 }, () => get('/'))));

    expect(new Set(crowd)).toEqual(new Set(['v1']));
    expect(kms.requests.map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'c']);
  });

  test('a secret that cannot be had ends in the error handler, and is had again when it can be', async () => {
    const { client, kms } = setup('db');
    kms.fail('rejected');
    const app = express().use(secrets(client, { preload: ['db'] }));
    app.get('/', (req, res) => res.json(req.secrets.secret('db').versionId));
    app.use(answerTheError);

    const [failed] = await ask(app, '/');
    kms.heal();
    void client.invalidate('db');

    expect(failed).toMatchObject({ code: 'ERR_SECRET_SET' });
    expect(await ask(app, '/')).toEqual(['v1']);
  });

  test('neither inspecting a request nor turning it into JSON shows a value', async () => {
    const { client } = setup('db', 'api');
    const app = express().use(secrets(client, { preload: ['db'] }));
    app.get('/', (req, res, next) => {
      const look = (): void => {
        req.secrets.text('db');
        const printed = inspect(req, { depth: 9, showHidden: true }) + inspect(req.secrets) + asJson(req);
        res.json({
          hasSecrets: printed.includes('[secrets]'),
          isShown: printed.includes('s3cret-'),
          json: req.secrets,
        });
      };
      req.secrets.get('api').then(look).catch(next);
    });

    expect(await ask(app, '/')).toEqual([{ hasSecrets: true, isShown: false, json: {} }]);
  });

  test('nothing is enumerable on the request, and res.locals, which every template is given, stays empty', async () => {
    const { client } = setup('db');
    const app = express().use(secrets(client, { preload: ['db'] }));
    app.get('/', (req, res) => {
      res.json([Object.keys(req).includes('secrets'), Reflect.ownKeys(res.locals)]);
    });

    expect(await ask(app, '/')).toEqual([[false, []]]);
  });

  test('mounted again for the same client, it keeps what the request has seen and adds its names', async () => {
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

    expect(await ask(app, '/inner')).toEqual([['v1', 'v2']]);
  });

  test('several clients have a name each, and may be mounted in any order', async () => {
    const [app, billing] = [setup('db'), setup('db', 'stripe')];
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

    expect(await ask(service, '/')).toEqual([['v1', 'v2', 'stripe']]);
  });

  test.each([
    ['without a name', undefined],
    ['as "billing"', 'billing'],
  ])('two clients %s on one request are refused, and not mixed up', async (which, as) => {
    const app = express().use(secrets(setup('db').client, { as }));
    app.use('/inner', express.Router().use(secrets(setup('db').client, { as })));
    app.get('/', (_req, res) => res.json('fine'));
    app.use(answerTheError);

    expect(await ask(app, '/', '/inner')).toMatchObject([
      'fine',
      { message: expect.stringContaining(`Two clients are mounted ${which}`) },
    ]);
  });

  test('a name that is not preloaded has to be awaited, and the error says so', async () => {
    const { client } = setup('db');
    const app = express().use(secrets(client));
    app.get('/', (req, res) => res.json(req.secrets.text('db')));
    app.use(answerTheError);

    const [answer] = await ask(app, '/');

    expect(answer).toMatchObject({
      message: expect.stringMatching(/"db".*preload: \[.*await .*get\("db"\)/su),
    });
  });

  test('what a request has awaited once it can ask for without waiting', async () => {
    const { client } = setup('db');
    const app = express().use(secrets(client));
    app.use((req, _res, next) => {
      req.secrets.get('db').then(() => next(), next);
    });
    app.get('/', (req, res) => res.json(req.secrets.secret('db').versionId));

    expect(await ask(app, '/')).toEqual(['v1']);
  });

  test.each([
    ['is missing', []],
    ['comes after the routes', [secrets(setup('db').client)]],
  ])('getSecrets says where to put the middleware if it %s', async (_, late) => {
    const app = express().get('/', (req, res) => res.json(getSecrets(req)));
    for (const middleware of late) app.use(middleware);
    app.use(answerTheError);

    const [answer] = await ask(app, '/');

    expect(answer).toMatchObject({
      message: expect.stringMatching(/in front of the routes.*app\.use\(secrets\(client/u),
    });
  });

  test('a client that is mounted under another name, or none, is asked for in vain, and the error says where to put it', async () => {
    const middleware = secrets(setup('db').client, { as: 'billing' });
    const app = express().use(middleware);
    app.get('/none', (req, res) => res.json(req.secrets.text('db')));
    app.get('/other', (req, res) => res.json(req.secrets.of('mail').text('db')));
    app.use(answerTheError);

    const [none, other] = await ask(app, '/none', '/other');

    expect(none).toMatchObject({ message: expect.stringMatching(/without a name.*in front of the routes/u) });
    expect(other).toMatchObject({ message: expect.stringMatching(/"mail".*as: 'mail'.*in front of the routes/u) });
  });

  test('on a sub-app it is there for the sub-app, and for what comes after it, alone', async () => {
    const { client } = setup('db');
    const inner = express().use(secrets(client, { preload: ['db'] }));
    inner.get('/', (req, res) => res.json(req.secrets.secret('db').versionId));
    const app = express().use('/inner', inner);
    app.get('/', (req, res) => res.json(getSecrets(req)));
    app.use(answerTheError);

    expect(await ask(app, '/inner', '/')).toMatchObject(['v1', { message: expect.stringContaining('No secrets') }]);
  });

  test('what a middleware reads is had by it, too, typed by the names that it was given', async () => {
    const { client } = setup('db');
    const [unnamed, billing] = [
      secrets<{ db: unknown }>(client, { preload: ['db'] }),
      secrets<{ db: unknown }>(client, { as: 'billing', preload: ['db'] }),
    ];
    const app = express().use(unnamed, billing);
    app.get('/', (req, res) => {
      res.json([unnamed, billing].map((middleware) => getSecrets(req, middleware).secret('db').versionId));
    });

    expect(await ask(app, '/')).toEqual([['v1', 'v1']]);
  });

  test('JSON is checked by the schema that was given for its name, and what does not fit ends in the error handler', async () => {
    const { client, kms } = setup();
    kms.put('db', 'v1', { value: '{"user":"app","password":"s3cret-one"}' });
    kms.put('api', 'v1', { value: '{"token":"s3cret-two"}' });
    const withUser = secrets<{ db: User; api: User }>(client, {
      preload: ['db', 'api'],
      schemas: { db: userSchema, api: userSchema },
    });
    const app = express().use(withUser);
    app.get('/:name', (req, res) => res.json(getSecrets(req, withUser).json(req.params.name as 'db').user));
    app.use(answerTheError);

    expect(await ask(app, '/db', '/api')).toMatchObject(['app', { code: 'ERR_SECRET_TYPE' }]);
  });
});

test('a rejected read in an async route reaches the error handler of Express 5', async () => {
  const { client, kms } = setup('db');
  kms.fail('denied');
  const app = express5().use(secrets(client));
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- what is tested here is that Express 5 takes one
  app.get('/', async (req, res) => {
    res.json((await req.secrets.get('db')).versionId);
  });
  app.use(answerTheError);

  expect(await ask(app, '/')).toMatchObject([{ code: 'ERR_ACCESS_DENIED' }]);
});

test('what a request has seen it keeps until its end, even if access is revoked meanwhile', async () => {
  const { client, kms } = setup('db');
  const app = express5().use(secrets(client, { preload: ['db'] }));
  app.get('/', (req, res, next) => {
    const story = async (): Promise<void> => {
      kms.fail('denied');
      await client.refresh('db').catch(() => {});
      res.json((await req.secrets.get('db')).versionId);
    };
    story().catch(next);
  });
  app.use(answerTheError);

  expect(await ask(app, '/', '/')).toMatchObject(['v1', { code: 'ERR_SECRET_SET' }]);
});

test('of two reads in one request that bring different versions, the first to end decides for both', async () => {
  const releases: (() => void)[] = [];
  const fetchOf = async (versionId: string): Promise<Secret> => {
    await new Promise<void>((resolve) => releases.push(resolve));
    return new Secret({ name: 'db', versionId, value: 's3cret-', dataType: 'text' });
  };
  const endpoint = { endpoint: 'kms.example', fetch: () => fetchOf(`v${releases.length + 1}`), close: () => {} };
  const client = createSecretClient({ endpoints: [endpoint] });
  const app = express5().use(secrets(client));
  app.get('/', (req, res, next) => {
    const story = async (): Promise<void> => {
      const early = req.secrets.get('db');
      await untilTrue(() => releases.length === 1);
      void client.invalidate('db');
      const late = req.secrets.get('db');
      await untilTrue(() => releases.length === 2);
      releases[1]?.();
      const second = await late;
      releases[0]?.();
      res.json([(await early).versionId, second.versionId]);
    };
    story().catch(next);
  });

  expect(await ask(app, '/')).toEqual([['v2', 'v2']]);
});

test('getSecrets knows what another copy of this package has put there, and nothing else', () => {
  const theirs = { take: () => {}, mount: () => {}, of: () => {} };
  // All that getSecrets looks at.
  const on = (present: unknown): Request => ({ secrets: present }) as Request;

  expect(getSecrets(on(theirs))).toBe(theirs);
  expect(() => getSecrets(on(['cookie-signing-key']))).toThrow('No secrets on this request');
});

test('ready waits for what every request is to find, before there is one', async () => {
  const { client, kms } = setup('db', 'api');
  const middleware = secrets(client, { preload: ['db', 'api'] });

  await middleware.ready();

  expect(kms.requests).toHaveLength(2);
  expect(client.peek('db')?.versionId).toBe('v1');
});

test('ready waits for what the client itself is to preload, too', async () => {
  const { kms } = setup('db');

  await secrets({ endpoints: [kms], preload: ['db'] }).ready();

  expect(kms.requests).toHaveLength(1);
});

test('ready names all that cannot be had', async () => {
  const { client } = setup('db');

  const ready = secrets(client, { preload: ['db', 'typo', 'slip'] }).ready();

  await expect(ready).rejects.toThrow(/2 of \d+ secrets? could not be (?:read|preloaded):[^]*typo[^]*slip/);
});

test('ready does not end well if a secret is not what its schema wants', async () => {
  const { client, kms } = setup();
  kms.put('db', 'v1', { value: '{"user":"app"}' });
  kms.put('api', 'v1', { value: '{"token":"s3cret-two"}' });

  await secrets<{ db: User }>(client, { preload: ['db'], schemas: { db: userSchema } }).ready();
  const unfit = secrets<{ api: User }>(client, { preload: ['api'], schemas: { api: userSchema } }).ready();

  await expect(unfit).rejects.toMatchObject({ code: 'ERR_SECRET_TYPE', secretName: 'api' });
});

test('a client that was handed in is left open, one that was made here is closed', async () => {
  const [given, made] = [new FakeTransport(), new FakeTransport()];
  const client = createSecretClient({ endpoints: [given] });

  await secrets(client).close();
  await secrets({ endpoints: [made] }).close();

  expect([given.isClosed, made.isClosed]).toEqual([false, true]);
});

test('options are those of the client: an unknown one is refused', () => {
  const { client } = setup();
  // A mistake that the types do not let through.
  const options = { client } as object;

  expect(() => secrets(options)).toThrow(/client[^]*endpoints/);
});
