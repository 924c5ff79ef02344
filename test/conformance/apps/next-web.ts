import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import type { AppUnderTest } from './app-under-test.ts';
import { listen } from './listen.ts';

const app = join(import.meta.dirname, '../../../apps/next-web');

// Required, and described here: its own types would change those of `process.env` in every test of this repository.
const next = createRequire(join(app, 'package.json'))('next') as (options: { dev: boolean; dir: string }) => {
  prepare(): Promise<void>;
  getRequestHandler(): RequestListener;
};

/** Where all of Next's bundles look for the client of the process. */
const slot: unique symbol = Symbol.for('@kms-secrets/next.client');
const shared: typeof globalThis & { [slot]?: SecretClient } = globalThis;

// While this file is loaded: a test has less time than a start takes on a busy machine.
const serve = await start();

/** The app as it was built, in this process. Next is started once, and a process has one client at a time: so do these tests. */
export const nextWeb: AppUnderTest = {
  name: 'next-web',
  start(client) {
    shared[slot] = client;
    return listen(serve);
  },
};

/** Instrumentation comes with the first request, and waits for the client to be ready: a stand-in that has nothing to preload. */
async function start(): Promise<RequestListener> {
  await using standIn = createSecretClient({ endpoints: [new FakeTransport()] });
  shared[slot] = standIn;
  const server = next({ dev: false, dir: app });
  await server.prepare();
  const handler = server.getRequestHandler();
  const running = await listen(handler);
  const { status } = await fetch(`${running.url}/ready`);
  await running.close();
  if (status !== 200) throw new Error(`next-web was built, but answers its first request with ${status}.`);
  return handler;
}
