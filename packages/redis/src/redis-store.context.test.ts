import { AsyncLocalStorage } from 'node:async_hooks';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { connectTo, openStore, stored, subscribers } from './fleet.fixture.ts';
import { redisOfTest } from './redis-server.fixture.ts';
import type { RedisServer } from './redis-server.fixture.ts';

const context = new AsyncLocalStorage<string>();

const clients: readonly (readonly [string, (server: RedisServer) => Parameters<typeof openStore>[1]])[] = [
  ['a connection of the store', () => ({})],
  ['a client that a request connected', (server) => ({ url: undefined, client: connectTo(server) })],
];

test.each(clients)('events of Redis run in the context of the creation, with %s', async (_, optionsFor) => {
  const server = await redisOfTest();
  const admin = connectTo(server);
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const options = context.run('request', () => optionsFor(server));
  const client = context.run('creation', (): SecretClient =>
    createSecretClient({ endpoints: [kms], stores: [openStore(server, options)], storeTimeout: '30s' }),
  );
  onTestFinished(() => client.close());
  await subscribers(admin, 1);
  await context.run('request', () => client.get('db'));
  const rotated = new Promise((resolve) => {
    client.on('rotated', () => resolve(context.getStore()));
  });
  const unavailable = new Promise((resolve) => {
    client.on('store', ({ kind }) => kind === 'unavailable' && resolve(context.getStore()));
  });

  await openStore(server).write(
    { name: 'db', stage: 'ACSCurrent' },
    stored({ versionId: 'v2', fetchedAt: Date.now() + 1_000 }),
  );

  expect(await rotated).toBe('creation');
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal'); // not the connection of the subscription
  expect(await unavailable).toBe('creation');
});
