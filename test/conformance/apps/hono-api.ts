import { getRequestListener } from '@hono/node-server';
import { createApp } from '../../../apps/hono-api/src/app.ts';
import type { AppUnderTest } from './app-under-test.ts';
import { listen } from './listen.ts';

export const honoApi: AppUnderTest = {
  name: 'hono-api',
  // It would replace the globals of the tests that share this process.
  start: (client) => listen(getRequestListener(createApp(client).fetch, { overrideGlobalObjects: false })),
};
