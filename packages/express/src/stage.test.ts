import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeTransport } from '@kms-secrets/testing';
import express from 'express';
import { expect, test } from 'vitest';
import { createSecretClient, secrets } from './index.ts';

test('req.secrets.get() reads the stage of its options', async () => {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const app = express().use(secrets(createSecretClient({ endpoints: [kms] }), { preload: ['db'] }));
  app.get('/', (req, res, next) => {
    const reads = [req.secrets.get('db', { stage: 'ACSPrevious' }), req.secrets.get('db')];
    Promise.all(reads).then((both) => res.json(both.map(({ stages }) => stages)), next);
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a string only for a pipe

  const response = await fetch(`http://127.0.0.1:${port}/`);
  const stages: unknown = await response.json();
  server.close();
  server.closeAllConnections();

  expect(stages).toEqual([['ACSPrevious'], ['ACSCurrent']]);
});
