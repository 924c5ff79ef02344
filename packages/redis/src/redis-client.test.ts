import { Redis } from 'ioredis';
import { Redis as Valkey } from 'iovalkey';
import { expect, onTestFinished, test } from 'vitest';
import { connectTo, openStore, stored, subscribers, subscribeTo } from './fleet.fixture.ts';
import { isModuleMissing, unrefConnections } from './redis-client.ts';
import { redisOfTest } from './redis-server.fixture.ts';

/** The number of TCP connections that keep this process alive. */
function connections(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}

test('does not keep the process alive while it is connected', async () => {
  const server = await redisOfTest();
  const admin = connectTo(server);
  await admin.ping();
  const before = connections();

  const { store } = subscribeTo(openStore(server));
  await store.write({ name: 'db' }, stored());
  await subscribers(admin, 1);

  expect(connections()).toBe(before);
});

test('does not keep the process alive while it waits to reconnect', async () => {
  const client = unrefConnections(new Redis({ port: 1, lazyConnect: true, retryStrategy: () => 60_000 }));
  onTestFinished(() => client.disconnect());
  client.on('error', () => {});
  const reconnecting = new Promise((resolve) => client.once('reconnecting', resolve));
  client.connect().catch(() => {});
  await reconnecting;

  const timer: unknown = Reflect.get(client, 'reconnectTimeout');

  expect((timer as NodeJS.Timeout).hasRef()).toBe(false);
});

test.each([
  ['ioredis', (port: number) => new Redis({ port, enableAutoPipelining: true })],
  ['iovalkey', (port: number) => new Valkey({ port, enableAutoPipelining: true })],
])('works with a client of %s that pipelines commands automatically', async (_, connect) => {
  const server = await redisOfTest();
  const client = connect(server.port);
  onTestFinished(() => client.disconnect());
  const store = openStore(server, { url: undefined, client });
  await store.write({ name: 'db' }, stored());
  await store.write({ name: 'api' }, stored({ name: 'api' }));
  const lease = await store.lease?.({ name: 'db' }, 1_000);
  const second = await store.lease?.({ name: 'db' }, 1_000);
  await store.remove({ name: 'api' });

  const found = [await store.read({ name: 'db' }), await store.read({ name: 'api' })];
  await lease?.release();
  await store.removeAll('db');

  expect(found).toMatchObject([{ versionId: 'v1' }, undefined]);
  expect(second).toBeUndefined();
  expect(await store.lease?.({ name: 'db' }, 1_000)).toBeDefined();
  expect(await store.read({ name: 'db' })).toBeUndefined();
});

test.each(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])('%s means that a client is not installed', (code) => {
  expect(isModuleMissing(Object.assign(new Error('x'), { code }))).toBe(true);
  expect(isModuleMissing(new Error('x'))).toBe(false);
});
