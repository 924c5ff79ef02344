import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningApp, StartApp } from '@kms-secrets/testing/contracts';
import { createApp as expressApi } from '../../apps/express-api/src/app.ts';
import { createApp as fastifyApi } from '../../apps/fastify-api/src/app.ts';
import { createApp as nestApi } from '../../apps/nest-api/src/create-app.ts';

interface AppUnderTest {
  readonly name: string;
  readonly start: StartApp;
}

/** Every app, by its name: a new framework is one line more. */
export const apps: readonly [AppUnderTest, ...AppUnderTest[]] = [
  { name: 'express-api', start: (client) => listen(expressApi(client)) },
  {
    name: 'fastify-api',
    async start(client) {
      const app = fastifyApi(client);
      return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() };
    },
  },
  {
    name: 'nest-api',
    async start(client) {
      const app = await nestApi(client, { logger: false });
      await app.listen(0, '127.0.0.1');
      return { url: await app.getUrl(), close: () => app.close() };
    },
  },
];

async function listen(serve: RequestListener): Promise<RunningApp> {
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a text only for a pipe
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await closed;
    },
  };
}
