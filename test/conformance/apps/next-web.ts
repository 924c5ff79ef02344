import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createSecretClient } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import type { AppUnderTest } from './app-under-test.ts';
import { listen } from './listen.ts';

const app = join(import.meta.dirname, '../../../apps/next-web');

// Required and typed here, because Next's own types change those of `process.env` in every test of this repository.
const next = createRequire(join(app, 'package.json'))('next') as (options: { dev: boolean; dir: string }) => {
  prepare(): Promise<void>;
  getRequestHandler(): RequestListener;
};

/** The global property under which `@kms-secrets/next` shares the client of the process between Next's bundles. */
const slot: unique symbol = Symbol.for('@kms-secrets/next.client');
const shared: typeof globalThis & { [slot]?: object } = globalThis;

// At import time, because on a busy machine a start takes longer than the timeout of a test.
const serve = await start();

/** The built app, in this process. Next is started once, and the process has one client at a time, so the tests run serially. */
export const nextWeb: AppUnderTest = {
  name: 'next-web',
  start(client) {
    shared[slot] = { client, options: undefined, isImplicit: false };
    return listen(serve);
  },
};

/** Sends a first request, which runs Next's instrumentation: it waits until a client is ready, here one that preloads nothing. */
async function start(): Promise<RequestListener> {
  await using placeholder = createSecretClient({ endpoints: [new FakeTransport()] });
  shared[slot] = { client: placeholder, options: undefined, isImplicit: false };
  const server = next({ dev: false, dir: app });
  await server.prepare();
  const handler = server.getRequestHandler();
  const running = await listen(handler);
  const { status } = await fetch(`${running.url}/ready`);
  await running.close();
  if (status !== 200)
    throw new Error(
      `The first request to next-web returned ${status}, expected 200. Is the build of apps/next-web up to date?`,
    );
  return handler;
}
