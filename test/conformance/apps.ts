import type { StartApp } from '@kms-secrets/testing/contracts';
import { createApp } from '../../apps/express-api/src/app.ts';
import { listen } from './listen.ts';
import { nextWebAround } from './next-web.ts';

/** Every app, by its name: a new framework is one line more. */
export const apps: readonly { readonly name: string; readonly start: StartApp }[] = [
  { name: 'express-api', start: (client) => listen(createApp(client)) },
  { name: 'next-web', start: (client) => listen(nextWebAround(client)) },
];
