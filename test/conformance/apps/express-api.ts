import { createApp } from '../../../apps/express-api/src/app.ts';
import type { AppUnderTest } from './app-under-test.ts';
import { listen } from './listen.ts';

export const expressApi: AppUnderTest = { name: 'express-api', start: (client) => listen(createApp(client)) };
