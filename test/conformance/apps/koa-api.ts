import { createApp } from '../../../apps/koa-api/src/app.ts';
import type { AppUnderTest } from './app-under-test.ts';
import { listen } from './listen.ts';

export const koaApi: AppUnderTest = { name: 'koa-api', start: (client) => listen(createApp(client).callback()) };
