import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { connectTo, openStore, stored, subscribers, subscribeTo } from './fleet.fixture.ts';
import { unrefConnections } from './redis-client.ts';
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
