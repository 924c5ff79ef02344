import type { StartApp } from '@kms-secrets/testing/contracts';
import { createApp as expressApi } from '../../apps/express-api/src/app.ts';
import { createApp as fastifyApi } from '../../apps/fastify-api/src/app.ts';
import { createApp as nestApi } from '../../apps/nest-api/src/create-app.ts';
import { listen } from './listen.ts';
import { nextWebAround } from './next-web.ts';

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
  { name: 'next-web', start: (client) => listen(nextWebAround(client)) },
];
