// @ts-check
/* oxlint-disable oxc/no-async-endpoint-handlers -- these frameworks await the promise that a route returns */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { startEggApp } from '../../support/egg-app.mjs';

// For each adapter, an app with two routes and the same response: `/core` reads from the client, `/adapter` through the adapter.

/**
 * `secrets` is the snapshot of one request.
 * @typedef {{ url: string; secrets: import('@kms-secrets/core').SecretSnapshot }} RunningAdapter
 * @typedef {(client: import('@kms-secrets/core').SecretClient, name: string) => Promise<RunningAdapter>} OpenAdapter
 */

const responseOf = (/** @type {import('@kms-secrets/core').Secret | undefined} */ secret) => ({
  versionId: secret?.versionId,
});

const require = createRequire(import.meta.url);

/** Add new adapters here. @type {Readonly<Record<string, OpenAdapter>>} */
export const adapters = {
  async egg(client, name) {
    const { startEgg } = await import('egg');
    /** @type {(secrets: import('@kms-secrets/core').SecretSnapshot) => void} */
    let capture = () => {};
    const { url } = await startEggApp({
      startEgg,
      plugin: dirname(require.resolve('@kms-secrets/egg/package.json')),
      kmsSecrets: { client, preload: [name], ignore: '/core' },
      routes: ({ router }) => {
        router.get('/core', async (ctx) => void (ctx.body = responseOf(client.peek(name))));
        router.get('/adapter', async (ctx) => void (ctx.body = responseOf(ctx.secrets.secret(name))));
        router.get('/capture', async (ctx) => {
          capture(ctx.secrets);
          ctx.body = {};
        });
      },
    });
    return { url, secrets: await captureSnapshot(url, (resolve) => (capture = resolve)) };
  },

  async express(client, name) {
    const { secrets } = await import('@kms-secrets/express');
    const { default: express } = await import('express');
    const app = express();
    app.get('/core', (_req, res) => void res.json(responseOf(client.peek(name))));
    app.use(secrets(client, { preload: [name] }));
    app.get('/adapter', (req, res) => void res.json(responseOf(req.secrets.secret(name))));
    /** @type {(secrets: import('@kms-secrets/core').SecretSnapshot) => void} */
    let capture = () => {};
    app.get('/capture', (req, res) => {
      capture(req.secrets);
      res.end();
    });
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address()); // a string only for a pipe
    const url = `http://127.0.0.1:${port}`;
    return { url, secrets: await captureSnapshot(url, (resolve) => (capture = resolve)) };
  },

  async fastify(client, name) {
    const { secrets } = await import('@kms-secrets/fastify');
    const { fastify } = await import('fastify');
    const app = fastify();
    app.get('/core', async () => responseOf(client.peek(name)));
    /** @type {(secrets: import('@kms-secrets/core').SecretSnapshot) => void} */
    let capture = () => {};
    app.register(async (routes) => {
      await routes.register(secrets, { client, preload: [name] });
      routes.get('/adapter', async (request) => responseOf(request.secrets.secret(name)));
      routes.get('/capture', async (request) => {
        capture(request.secrets);
        return {};
      });
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    return { url, secrets: await captureSnapshot(url, (resolve) => (capture = resolve)) };
  },

  async koa(client, name) {
    const { secrets } = await import('@kms-secrets/koa');
    const { default: Koa } = await import('koa');
    const app = new Koa();
    /** @type {(secrets: import('@kms-secrets/core').SecretSnapshot) => void} */
    let capture = () => {};
    app.use(async (ctx, next) => {
      if (ctx.path === '/core') ctx.body = responseOf(client.peek(name));
      else await next();
    });
    app.use(secrets(client, { preload: [name] }));
    app.use((ctx) => {
      if (ctx.path === '/capture') capture(ctx.secrets);
      ctx.body = responseOf(ctx.secrets.secret(name));
    });
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address()); // a string only for a pipe
    const url = `http://127.0.0.1:${port}`;
    return { url, secrets: await captureSnapshot(url, (resolve) => (capture = resolve)) };
  },

  async hono(client, name) {
    const { secrets } = await import('@kms-secrets/hono');
    const { serve } = await import('@hono/node-server');
    const { Hono } = await import('hono');
    /** @type {(secrets: import('@kms-secrets/core').SecretSnapshot) => void} */
    let capture = () => {};
    const app = new Hono()
      .get('/core', (c) => c.json(responseOf(client.peek(name))))
      .use(secrets(client, { preload: [name] }))
      .get('/adapter', (c) => c.json(responseOf(c.var.secrets.secret(name))))
      .get('/capture', (c) => {
        capture(c.var.secrets);
        return c.json({});
      });
    /** @type {import('node:net').AddressInfo} */
    const { port } = await new Promise((resolve) =>
      serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, resolve),
    );
    const url = `http://127.0.0.1:${port}`;
    return { url, secrets: await captureSnapshot(url, (resolve) => (capture = resolve)) };
  },

  async midway(client, name) {
    const component = await import('@kms-secrets/midway');
    const { Configuration, Controller, Get, Inject } = await import('@midwayjs/core');
    const koa = await import('@midwayjs/koa');
    const { createApp } = await import('@midwayjs/mock');
    /** @type {(secrets: import('@kms-secrets/core').SecretSnapshot) => void} */
    let capture = () => {};
    class Routes {
      /** @type {import('@midwayjs/koa').Context | undefined} */
      ctx;

      async core() {
        return responseOf(client.peek(name));
      }

      async adapter() {
        return responseOf(this.ctx?.secrets.secret(name));
      }

      async capture() {
        if (this.ctx !== undefined) capture(this.ctx.secrets);
        return {};
      }
    }
    // Decorators as function calls: this file is not compiled.
    Controller('/')(Routes);
    Inject()(Routes.prototype, 'ctx');
    for (const path of /** @type {const} */ (['core', 'adapter', 'capture'])) {
      Get(`/${path}`)(Routes.prototype, path, Object.getOwnPropertyDescriptor(Routes.prototype, path) ?? {});
    }
    class Main {}
    Configuration({ imports: [koa, component] })(Main);
    /** @type {import('@midwayjs/koa').Application} */
    const app = await createApp({
      imports: [{ Main, Routes }],
      moduleLoadType: 'commonjs', // with 'esm', Midway logs that this folder has no src/configuration.ts
      globalConfig: {
        keys: 'for-the-bench',
        kmsSecrets: { client, preload: [name] },
        midwayLogger: { default: { transports: { console: false, file: false, error: false } } },
      },
    });
    const server = createServer(app.callback()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address()); // a string only for a pipe
    const url = `http://127.0.0.1:${port}`;
    return { url, secrets: await captureSnapshot(url, (resolve) => (capture = resolve)) };
  },

  async nestjs(client, name) {
    await import('reflect-metadata');
    const { RequestSecret, SecretsModule, SecretsService } = await import('@kms-secrets/nestjs');
    const { Controller, Get, Module, Req } = await import('@nestjs/common');
    const { NestFactory } = await import('@nestjs/core');
    /** @type {(secrets: import('@kms-secrets/core').SecretSnapshot) => void} */
    let capture = () => {};
    class Routes {
      core() {
        return responseOf(client.peek(name));
      }

      /** @param {import('@kms-secrets/core').Secret} secret */
      adapter(secret) {
        return responseOf(secret);
      }

      /** @param {object} request */
      capture(request) {
        capture(app.get(SecretsService, { strict: false }).of(request));
        return {};
      }
    }
    // Decorators as function calls: this file is not compiled.
    Controller()(Routes);
    for (const path of /** @type {const} */ (['core', 'adapter', 'capture'])) {
      Get(path)(Routes.prototype, path, Object.getOwnPropertyDescriptor(Routes.prototype, path) ?? {});
    }
    RequestSecret(name)(Routes.prototype, 'adapter', 0);
    Req()(Routes.prototype, 'capture', 0);
    class App {}
    Module({ imports: [SecretsModule.forRoot(client)], controllers: [Routes] })(App);
    const app = await NestFactory.create(App, { logger: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    return { url, secrets: await captureSnapshot(url, (resolve) => (capture = resolve)) };
  },
};

/**
 * Sends one request and returns its snapshot, which is kept after the request to be read in a loop.
 * @param {string} url
 * @param {(resolve: (secrets: import('@kms-secrets/core').SecretSnapshot) => void) => void} onResolve
 * @returns {Promise<import('@kms-secrets/core').SecretSnapshot>}
 */
async function captureSnapshot(url, onResolve) {
  /** @type {Promise<import('@kms-secrets/core').SecretSnapshot>} */
  const secrets = new Promise(onResolve);
  await (await fetch(`${url}/capture`)).arrayBuffer();
  return secrets;
}
