import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import express from 'express';
import { expect, test } from 'vitest';
import { createSecretClient, secrets } from './index.ts';
import type { SecretClient } from './index.ts';

/** A client on a fake clock. */
function setup(...names: string[]): { kms: FakeTransport; client: SecretClient; clock: FakeClock } {
  const kms = new FakeTransport();
  const clock = new FakeClock();
  for (const name of names) kms.put(name, 'v1');
  return { kms, clock, client: createSecretClient({ endpoints: [kms], clock, retry: { maxAttempts: 1 } }) };
}

/** The body of `GET /`. */
async function versionFrom(app: RequestListener): Promise<unknown> {
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a string only for a pipe
  try {
    return await (await fetch(`http://127.0.0.1:${port}/`)).json();
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('ready() waits for an outage of KMS until readyTimeout', async () => {
  const { clock, client, kms } = setup('db');
  kms.fail('unreachable');
  const ready = secrets(client, { preload: ['db'] }).ready();
  await clock.pass('25s');
  kms.heal();
  await clock.pass('5s');

  await expect(ready).resolves.toBeUndefined();
});

test('serves preload from memory after a night without requests, in an outage', async () => {
  const { clock, client, kms } = setup('db');
  const middleware = secrets(client, { preload: ['db'] });
  await middleware.ready();
  const app = express()
    .use(middleware)
    .get('/', (req, res) => void res.json(req.secrets.secret('db').versionId));
  await clock.pass('12h');
  kms.put('db', 'v2');
  await clock.pass('1h');
  kms.fail('unreachable');

  expect(await versionFrom(app)).toBe('v2');

  await middleware.close();
  expect(client.stats().pinned).toBe(0);
});
