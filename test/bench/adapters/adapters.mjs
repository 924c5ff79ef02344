// @ts-check
/* oxlint-disable oxc/no-async-endpoint-handlers -- Fastify awaits what a route returns */
// For each adapter an app with the same answer in two ways: `/core` reads from the client itself, `/adapter` through the adapter.

/**
 * `secrets` is what a request reads from.
 * @typedef {{ url: string; secrets: import('@kms-secrets/core').SecretSnapshot }} Opened
 * @typedef {(client: import('@kms-secrets/core').SecretClient, name: string) => Promise<Opened>} OpenAdapter
 */

const answer = (/** @type {import('@kms-secrets/core').Secret | undefined} */ secret) => ({
  versionId: secret?.versionId,
});

/** A new adapter is one more. @type {Readonly<Record<string, OpenAdapter>>} */
export const adapters = {
  async express(client, name) {
    const { secrets } = await import('@kms-secrets/express');
    const { default: express } = await import('express');
    const app = express();
    app.get('/core', (_req, res) => void res.json(answer(client.peek(name))));
    app.use(secrets(client, { preload: [name] }));
    app.get('/adapter', (req, res) => void res.json(answer(req.secrets.secret(name))));
    /** @type {(secrets: import('@kms-secrets/core').SecretSnapshot) => void} */
    let take = () => {};
    app.get('/take', (req, res) => {
      take(req.secrets);
      res.end();
    });
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address()); // a text only for a pipe
    const url = `http://127.0.0.1:${port}`;
    return { url, secrets: await taken(url, (resolve) => (take = resolve)) };
  },

  async fastify(client, name) {
    const { secrets } = await import('@kms-secrets/fastify');
    const { fastify } = await import('fastify');
    const app = fastify();
    app.get('/core', async () => answer(client.peek(name)));
    /** @type {(secrets: import('@kms-secrets/core').SecretSnapshot) => void} */
    let take = () => {};
    app.register(async (routes) => {
      await routes.register(secrets, { client, preload: [name] });
      routes.get('/adapter', async (request) => answer(request.secrets.secret(name)));
      routes.get('/take', async (request) => {
        take(request.secrets);
        return {};
      });
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    return { url, secrets: await taken(url, (resolve) => (take = resolve)) };
  },

  async nestjs(client, name) {
    await import('reflect-metadata');
    const { RequestSecret, SecretsModule, SecretsService } = await import('@kms-secrets/nestjs');
    const { Controller, Get, Module, Req } = await import('@nestjs/common');
    const { NestFactory } = await import('@nestjs/core');
    /** @type {(secrets: import('@kms-secrets/core').SecretSnapshot) => void} */
    let take = () => {};
    class Routes {
      core() {
        return answer(client.peek(name));
      }

      /** @param {import('@kms-secrets/core').Secret} secret */
      adapter(secret) {
        return answer(secret);
      }

      /** @param {object} request */
      take(request) {
        take(app.get(SecretsService, { strict: false }).of(request));
        return {};
      }
    }
    // What the compiler makes of decorators; this file is not compiled.
    Controller()(Routes);
    for (const path of /** @type {const} */ (['core', 'adapter', 'take'])) {
      Get(path)(Routes.prototype, path, Object.getOwnPropertyDescriptor(Routes.prototype, path) ?? {});
    }
    RequestSecret(name)(Routes.prototype, 'adapter', 0);
    Req()(Routes.prototype, 'take', 0);
    class App {}
    Module({ imports: [SecretsModule.forRoot(client)], controllers: [Routes] })(App);
    const app = await NestFactory.create(App, { logger: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    return { url, secrets: await taken(url, (resolve) => (take = resolve)) };
  },
};

/**
 * What one request has been given, kept beyond its end: to be read in a loop.
 * @param {string} url
 * @param {(take: (secrets: import('@kms-secrets/core').SecretSnapshot) => void) => void} onTake
 * @returns {Promise<import('@kms-secrets/core').SecretSnapshot>}
 */
async function taken(url, onTake) {
  /** @type {Promise<import('@kms-secrets/core').SecretSnapshot>} */
  const secrets = new Promise(onTake);
  await (await fetch(`${url}/take`)).arrayBuffer();
  return secrets;
}
