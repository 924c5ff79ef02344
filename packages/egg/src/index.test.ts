import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { createSecretClient } from '@kms-secrets/core';
import { FakeTransport, fixedSecrets } from '@kms-secrets/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { majors, startApp } from './egg-app.fixture.ts';
import { secretsHealth } from './index.ts';
import type { SecretClient } from './index.ts';

/** The options of a client of which nothing comes from the environment, on a fake KMS with the secret `db`. */
function setup(): {
  kms: FakeTransport;
  client: SecretClient;
  own: { endpoints: FakeTransport[]; precedence: 'code-only' };
} {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const own = { endpoints: [kms], precedence: 'code-only' as const };
  const client = createSecretClient({ ...own, retry: { maxAttempts: 1 } });
  onTestFinished(() => client.close());
  return { kms, client, own };
}

describe.each(majors)('with %s', (_major, start) => {
  test('a request keeps one version of a secret; the next request sees the new one', async () => {
    const { client, kms } = setup();
    const { get } = await startApp(start, {
      kmsSecrets: { client, preload: ['db'] },
      routes: (app) => {
        app.router.get('/', async (ctx) => {
          const first = ctx.secrets.secret('db').versionId;
          kms.put('db', 'v2');
          await app.secrets.refresh('db');
          ctx.body = [first, ctx.secrets.secret('db').versionId, (await ctx.secrets.get('db')).versionId];
        });
      },
    });

    expect((await get('/')).body).toEqual(['v1', 'v1', 'v1']);
    expect((await get('/')).body).toEqual(['v2', 'v2', 'v2']);
  });

  test('the app starts with its secrets in memory, and does not start without them', async () => {
    const { own, kms } = setup();
    const { app } = await startApp(start, { kmsSecrets: { ...own, preload: ['db'] } });

    expect(Reflect.get(app, 'preloadedAtWillReady')).toBe(true);
    kms.fail('denied', 'other');
    await expect(startApp(start, { kmsSecrets: { ...own, preload: ['other'] } })).rejects.toThrow(
      /1 of 1 secret could not be preloaded:[^]*other/u,
    );
  });

  test('agent and app share what they fetch, and a rotation reaches both', async () => {
    const { own, kms } = setup();
    const { app } = await startApp(start, { kmsSecrets: { ...own, preload: ['db'] } });
    const { agent } = app as unknown as { agent: { secrets: SecretClient } };

    expect([kms.requests.length, agent.secrets.peek('db')?.versionId]).toEqual([1, 'v1']);
    kms.put('db', 'v2');
    await agent.secrets.refresh('db');
    await expect.poll(() => app.secrets.peek('db')?.versionId).toBe('v2');
    expect(kms.requests.length).toBe(2);
  });

  test.each([['shareViaAgent is false', { shareViaAgent: false }]])(
    '%s: each process fetches for itself',
    async (_, options) => {
      const { own, kms } = setup();
      const { app } = await startApp(start, { kmsSecrets: { ...own, ...options } });
      const { agent } = app as unknown as { agent: { secrets: SecretClient } };

      await app.secrets.get('db');
      await agent.secrets.get('db');

      expect(kms.requests.length).toBe(2);
      expect(app.secrets.describe().stores).toEqual([]);
    },
  );

  test('responds to errors of the client with 503 and the code, and leaves every other error to Egg', async () => {
    const { client } = setup();
    const reported: unknown[] = [];
    const { app, get } = await startApp(start, {
      kmsSecrets: { client },
      routes: ({ router }) => {
        router.get('/missing', async (ctx) => {
          ctx.set({ etag: '"1"', 'content-encoding': 'gzip' });
          await ctx.secrets.get('none');
        });
        router.get('/other', async () => {
          throw new Error('a mistake');
        });
      },
    });
    app.on('error', (error: Error) => reported.push(error.message));

    const missing = await get('/missing');
    const other = await get('/other');

    expect(['etag', 'content-encoding'].map((name) => missing.headers.get(name))).toEqual([null, null]);
    expect([missing.status, missing.headers.get('cache-control'), missing.body]).toEqual([
      503,
      'no-store',
      { code: 'ERR_SECRET_NOT_FOUND' },
    ]);
    expect(other.status).toBe(500);
    expect(reported).toEqual([expect.stringContaining('none'), 'a mistake']);
  });

  test('a middleware of the app that catches errors gets those of the client', async () => {
    const { client } = setup();
    const { get } = await startApp(start, {
      kmsSecrets: { client },
      middleware: async (ctx, next) => {
        await next().catch((error: { code: string }) => void (ctx.body = { own: error.code }));
      },
      routes: ({ router }) => void router.get('/', async (ctx) => void (await ctx.secrets.get('none'))),
    });

    expect((await get('/')).body).toEqual({ own: 'ERR_SECRET_NOT_FOUND' });
  });

  test('a refused preload fails the requests, but not those of ignore; health is readable', async () => {
    const { client, kms } = setup();
    const { get } = await startApp(start, {
      kmsSecrets: { client, preload: ['db'], ignore: '/health' },
      routes: ({ router, secrets }) => {
        router.get('/', async (ctx) => void (ctx.body = 'served'));
        router.get('/health', secretsHealth(secrets, { required: ['db'] }));
      },
    });
    const before = await get('/health');
    kms.fail('denied');
    await client.refresh('db').catch(() => {});

    expect([before.status, before.body]).toMatchObject([200, { status: 'ok' }]);
    expect(await get('/')).toMatchObject({ status: 503, body: { code: 'ERR_SECRET_SET' } });
    expect(await get('/health')).toMatchObject({ status: 503, body: { status: 'failing' } });
  });

  test('closes a client that it created, and no other', async () => {
    const { client, own } = setup();
    const first = await startApp(start, { kmsSecrets: own });
    const second = await startApp(start, { kmsSecrets: { client } });

    await first.app.close();
    await second.app.close();

    expect([first.app.secrets.isClosed, second.app.secrets.isClosed]).toEqual([true, false]);
  });

  test('refuses unknown options, and names the known ones', async () => {
    const { own } = setup();
    const options: object = { ...own, prelaod: ['db'] };

    await expect(startApp(start, { kmsSecrets: options })).rejects.toThrow(/prelaod[^]*preload/u);
  });

  test('validates preload with the schemas at the start', async () => {
    const client = fixedSecrets({ db: { token: 's3cret-token' } });
    const validate = (): object => ({ issues: [{ message: '', path: ['user'] }] });
    const schema = { '~standard': { version: 1 as const, vendor: 'tests', validate: validate as never } };

    const started = startApp(start, { kmsSecrets: { client, preload: ['db'], schemas: { db: schema } } });

    await expect(started).rejects.toMatchObject({ code: 'ERR_SECRET_TYPE', secretName: 'db' });
  });

  test('inspecting a request, and the files that Egg writes, show no value', async () => {
    const { own, kms } = setup();
    kms.put('db', 'v1', { value: 's3cret-value' });
    const credentials = { accessKeyId: 'id', accessKeySecret: 's3cret-key' };
    const { app, get } = await startApp(start, {
      kmsSecrets: { ...own, credentials, preload: ['db'] },
      routes: ({ router }) =>
        void router.get('/', async (ctx) => void (ctx.body = [inspect(ctx), JSON.stringify(ctx)])),
    });

    const shown = JSON.stringify((await get('/')).body);
    const folder = app.config.rundir;
    const files = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8')));

    expect(files.length).toBeGreaterThan(1);
    expect([shown, ...files].filter((text) => text.includes('s3cret-')).length).toBe(0);
  });
});
