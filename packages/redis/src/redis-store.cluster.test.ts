import { setTimeout } from 'node:timers/promises';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretStore } from '@kms-secrets/core';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { connectTo, firstKey, messageOf, stored, subscribeTo, versionIn } from './fleet.fixture.ts';
import type { RedisStoreOptions } from './options.ts';
import { clusterOfTest } from './redis-cluster.fixture.ts';
import type { RedisCluster } from './redis-cluster.fixture.ts';
import type { RedisServer } from './redis-server.fixture.ts';
import { redisStore } from './redis-store.ts';

const names = Array.from({ length: 24 }, (_, index) => `secret-${index}`);

function openStore(cluster: RedisCluster, options: Partial<RedisStoreOptions> = {}): SecretStore {
  const store = redisStore({ client: cluster.connect(), key: firstKey, timeout: 10_000, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** A store that receives messages, and the server from which it does. */
async function subscribed(cluster: RedisCluster, options: Partial<RedisStoreOptions> = {}) {
  const other = subscribeTo(openStore(cluster, options));
  return { ...other, server: await subscribedServer(cluster) };
}

async function subscribedServer(cluster: RedisCluster, without?: RedisServer): Promise<RedisServer> {
  const admins = cluster.servers
    .filter((server) => server !== without)
    .map((server) => [server, connectTo(server)] as const);
  for (;;) {
    for (const [server, admin] of admins) {
      const [, count] = (await admin.call('PUBSUB', 'NUMSUB', 'kms-secrets:news')) as [string, number];
      if (count > 0) return server;
    }
  }
}

interface Outcomes {
  readonly found: readonly string[];
  readonly failed: readonly string[];
  readonly messages: ReadonlySet<string>;
}

/** Reads all secrets at once. */
async function readAll(store: SecretStore): Promise<Outcomes> {
  const results = await Promise.all(
    names.map(async (name) => ({ name, message: await messageOf(versionIn(store, name)) })),
  );
  const failed = results.filter(({ message }) => message !== 'resolved');
  return {
    found: results.filter(({ message }) => message === 'resolved').map(({ name }) => name),
    failed: failed.map(({ name }) => name),
    messages: new Set(failed.map(({ message }) => message.replace(/^.*prefix kms-secrets\): /u, ''))),
  };
}

async function writeAll(store: SecretStore): Promise<void> {
  await Promise.all(names.map((name) => store.write({ name }, stored({ name }))));
}

test.each(['ioredis', 'iovalkey'] as const)(
  'a dead node of three makes only its secrets unavailable: %s',
  async (library) => {
    const cluster = await clusterOfTest();
    const store = openStore(cluster, { client: cluster.connect(library) });
    const { events } = subscribeTo(store);
    await writeAll(store);
    await subscribedServer(cluster);
    const [dead] = cluster.servers;
    const part = `node 127.0.0.1:${dead?.port}`;

    await dead?.kill();
    const { found, failed, messages } = await readAll(store);
    const [first = ''] = failed;

    expect(found.length).toBeGreaterThan(failed.length);
    expect(messages).toEqual(
      new Set([expect.stringMatching(new RegExp(`^node 127\\.0\\.0\\.1:${dead?.port}: the connection failed`, 'u'))]),
    );
    // Not sent, so none of them waits.
    const changes = [
      store.write({ name: first }, stored()),
      store.removeAll(first),
      store.remove({ name: first }),
      store.lease?.({ name: first }, 1_000) ?? Promise.resolve(),
    ];
    for (const change of changes) await expect(change).rejects.toMatchObject({ part });
    for (const name of found) await store.write({ name }, stored({ name, versionId: 'v2', fetchedAt: Date.now() }));
    await dead?.start();
    await until(() => events.some((event) => event.kind === 'recovered' && event.part === part));
    for (const name of failed) await store.write({ name }, stored({ name, versionId: 'v2', fetchedAt: Date.now() }));

    expect(new Set(await Promise.all(names.map((name) => versionIn(store, name))))).toEqual(new Set(['v2']));
    expect(events.filter((event) => 'part' in event && event.part === part)).toMatchObject([
      { kind: 'unavailable', part },
      { kind: 'recovered', part },
    ]);
    expect(events.filter((event) => 'part' in event && event.part === undefined)).toEqual([]);
  },
);

test('messages are heard from another node when that of the connection dies', async () => {
  const cluster = await clusterOfTest();
  const writer = openStore(cluster);
  await writeAll(writer);
  const other = await subscribed(cluster);

  await other.server.kill();
  const next = await subscribedServer(cluster, other.server);
  await other.emitted('recovered');
  const { found } = await readAll(writer);
  const [name = '', removed = ''] = found;
  await writer.write({ name }, stored({ name, versionId: 'v2', fetchedAt: Date.now() }));
  await writer.removeAll(removed);
  await Promise.all([other.emitted('written'), other.emitted('removed')]);

  expect(next).not.toBe(other.server);
  expect(other.events.filter((event) => 'part' in event && event.part === 'messages')).toMatchObject([
    { kind: 'unavailable', reason: 'the connection for messages was closed' },
    { kind: 'recovered' },
  ]);
});

test('messages are heard from another node when that of the connection does not respond', async () => {
  const clock = new FakeClock();
  const cluster = await clusterOfTest();
  const other = await subscribed(cluster, { clock, timeout: 400 });
  other.server.freeze();
  onTestFinished(() => other.server.thaw());

  await clock.pass(5_000);
  expect(other.events).toEqual([]);
  await clock.pass(400);
  const next = await subscribedServer(cluster, other.server);

  expect(next).not.toBe(other.server);
  await other.emitted('recovered');
  expect(other.events).toMatchObject([
    { kind: 'unavailable', reason: 'no response within 400 ms', part: 'messages' },
    { kind: 'recovered', part: 'messages' },
  ]);
});

test('a node that does not respond is waited for once, and probed until it does', async () => {
  const clock = new FakeClock();
  const cluster = await clusterOfTest();
  const store = openStore(cluster, { clock, timeout: 400 });
  await writeAll(store);
  const { events } = subscribeTo(store);
  const [frozen] = cluster.servers;
  const part = `node 127.0.0.1:${frozen?.port}`;
  frozen?.freeze();
  let responses = 0;
  const reads = names.map((name) => messageOf(store.read({ name }).finally(() => (responses += 1))));
  const expected = await entriesOn(cluster.servers.filter((server) => server !== frozen));
  await until(() => responses === expected);
  await clock.pass(400);
  const failed = (await Promise.all(reads)).filter((message) => message !== 'resolved');

  expect(failed).toHaveLength(names.length - expected);
  expect(new Set(failed.map((message) => message.includes(`${part}: no response within 400 ms.`)))).toEqual(
    new Set([true]),
  );
  // The clock stands still.
  expect((await readAll(store)).failed).toHaveLength(failed.length);

  frozen?.thaw();
  // Nothing else shows when the server has handled a probe.
  await until(async () => {
    await clock.pass(100);
    return events.some((event) => event.kind === 'recovered' && event.part === part);
  });

  expect((await readAll(store)).failed).toEqual([]);
  expect(events.filter((event) => 'part' in event && event.part === part).map(({ kind }) => kind)).toEqual([
    'unavailable',
    'recovered',
  ]);
});

test('a client uses the store for the secrets of the other nodes, and writes the missing ones later', async () => {
  const cluster = await clusterOfTest();
  const kms = new FakeTransport();
  for (const name of names) kms.put(name, 'v1');
  const open = async () => {
    const redis = cluster.connect();
    await until(() => redis.status === 'ready');
    const stores = openStore(cluster, { client: redis });
    const client = createSecretClient({ endpoints: [kms], stores, storeTimeout: 10_000 });
    onTestFinished(() => client.close());
    return client;
  };
  const first = await open();
  await first.getMany(names);
  await until(() => first.describe().stores[0]?.queued === 0);
  await first.close();
  const [dead] = cluster.servers;
  const expected = await entriesOn(cluster.servers.filter((server) => server !== dead));
  await dead?.kill();

  const second = await open();
  await second.getMany(names);
  await until(() => second.describe().stores[0]?.state === 'partlyUnavailable');

  expect(second.stats()).toMatchObject({ storeHits: expected, storeMisses: names.length - expected });
  // The messages too, if they came from that node.
  expect(second.describe().stores[0]?.unavailableParts).toContain(`node 127.0.0.1:${dead?.port}`);
  await dead?.start();
  await until(() => second.describe().stores[0]?.queued === 0);

  expect((await readAll(openStore(cluster))).failed).toEqual([]);
  expect(await entriesOn(cluster.servers)).toBe(names.length);
  await until(() => second.health().status === 'ok');
});

test('an unavailable cluster says why', async () => {
  const cluster = await clusterOfTest('yes');
  const store = openStore(cluster, { timeout: 3_000 });
  await writeAll(store);
  const [dead] = cluster.servers;
  await dead?.kill();

  // The other nodes refuse commands when they have noticed that a part of the slots is not covered.
  const reasons = async (): Promise<string> => [...(await readAll(store)).messages].join();
  await until(async () => (await reasons()).includes('the Redis cluster is down'));
  await dead?.start();
  await until(async () => (await readAll(store)).failed.length === 0);

  expect((await readAll(store)).found).toEqual(names);
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await setTimeout(10);
}

/** The number of entries on these servers. */
async function entriesOn(servers: readonly RedisServer[]): Promise<number> {
  const keys = await Promise.all(servers.map((server) => connectTo(server).keys(`kms-secrets:${'?'.repeat(16)}:*`)));
  return keys.flat().length;
}
