import { createApp } from '../../../apps/fastify-api/src/app.ts';
import type { AppUnderTest } from './app-under-test.ts';

export const fastifyApi: AppUnderTest = {
  name: 'fastify-api',
  async start(client) {
    const app = createApp(client);
    return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() };
  },
};
