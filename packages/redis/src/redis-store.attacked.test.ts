// What a hostile reader of the Redis store, or a hostile Redis, tried.
import { inspect } from 'node:util';
import { createSecretClient } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { Redis } from 'ioredis';
import { firstKey, fleet, heardBy, listenTo, open, stored, stranger, versionIn } from './fleet.fixture.ts';
import { lettingGo } from './redis-client.ts';
import { redisOfTest } from './redis-server.fixture.ts';

test('a value that was carried from one prefix to another is not trusted, though the key is the same', async () => {
  const server = await redisOfTest();
  const admin = stranger(server);
  const [production, staging] = ['production', 'staging'].map((prefix) => open(server, { prefix })) as [
    ReturnType<typeof open>,
    ReturnType<typeof open>,
  ];
  await production.write({ name: 'db' }, stored());
  const [hash = ''] = await admin.keys('production:*');

  await admin.copy(hash, hash.replace('production', 'staging'));

  expect([await versionIn(production, 'db'), await versionIn(staging, 'db')]).toEqual(['v1', undefined]);
});

test('others hear of a request that was removed, if there was one', async () => {
  const { one, other } = await fleet();
  await one.write({ name: 'db' }, stored());
  await other.told('written');

  await one.remove({ name: 'never there' });
  await one.remove({ name: 'db' });
  await other.told('removed');

  expect(other.news.slice(1)).toEqual([{ kind: 'removed', name: 'db' }]);
});

test('what is written twice is told once: two shared stores hand nothing on to each other for ever', async () => {
  const { one, other } = await fleet();
  await one.write({ name: 'db' }, stored());
  await one.write({ name: 'db' }, stored());
  await one.removeAll('api');
  await other.told('removed');

  expect(other.news.filter(({ kind }) => kind === 'written').length).toBe(1);
});

test('a store, its client and a client that uses it show neither key, password nor value', async () => {
  const server = await redisOfTest('--requirepass', 's3cret-password');
  const store = open(server, { url: `redis://:s3cret-password@127.0.0.1:${server.port}` });
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const client = createSecretClient({ endpoints: [kms], stores: store });
  onTestFinished(() => client.close());
  await client.get('db');
  await client.close();

  const shown = inspect([store, client, client.describe()], { depth: 20, showHidden: true });

  expect(/s3cret/u.test(shown) || shown.includes(firstKey)).toBe(false);
});

test('a flood of forged messages tells nothing, and what is said among them is heard', async () => {
  const { admin, one, other } = await fleet();
  for (let turn = 0; turn < 20; turn += 1) {
    const pipeline = admin.pipeline();
    for (let index = 0; index < 500; index += 1) pipeline.publish('kms-secrets:news', `forged ${turn} ${index}`);
    pipeline.publish('kms-secrets:news', 'x'.repeat(200_000));
    await pipeline.exec();
  }
  await one.removeAll('db');
  await other.told('removed');

  expect(other.news).toEqual([{ kind: 'removed', name: 'db' }]);
});

/** What keeps this process alive, of the kind that connections are. */
function connections(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}

test('a store that is connected, and hears, keeps no process alive', async () => {
  const server = await redisOfTest();
  const admin = stranger(server);
  await admin.ping();
  const before = connections();

  const { store } = listenTo(open(server));
  await store.write({ name: 'db' }, stored());
  await heardBy(admin, 1);

  expect(connections()).toBe(before);
});

test('a store whose Redis is away keeps no process alive while it waits to connect again', async () => {
  const client = lettingGo(new Redis({ port: 1, lazyConnect: true, retryStrategy: () => 60_000 }));
  onTestFinished(() => client.disconnect());
  client.on('error', () => {});
  const waits = new Promise((resolve) => client.once('reconnecting', resolve));
  client.connect().catch(() => {});
  await waits;

  const timer: unknown = Reflect.get(client, 'reconnectTimeout');

  expect((timer as NodeJS.Timeout).hasRef()).toBe(false);
});
