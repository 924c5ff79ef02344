// Redis that responds, but is loading, has lost its primary, or is split.

import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import {
  connectTo,
  firstKey,
  fleet,
  messageOf,
  openStore,
  stored,
  subscribers,
  subscribeTo,
  versionIn,
} from './fleet.fixture.ts';
import { movableAddress } from './movable-address.fixture.ts';
import { redisOfTest } from './redis-server.fixture.ts';
import type { RedisServer } from './redis-server.fixture.ts';
import { redisStore } from './redis-store.ts';

/** Polls with a pause, because a store that is unavailable rejects without a turn of the event loop. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await setTimeout(10);
}

/** Starts a server that takes two seconds to load its data. */
async function loading(): Promise<{ server: RedisServer; loaded: Promise<void> }> {
  const server = await redisOfTest();
  const writer = openStore(server);
  const value = 's3cret-'.padEnd(4_000, 'x');
  for (let index = 0; index < 10; index += 1) {
    await writer.write({ name: `secret-${index}` }, stored({ name: `secret-${index}`, value }));
  }
  const admin = connectTo(server);
  await admin.save();
  await server.kill();
  // It handles commands between two keys.
  const loaded = server.start('--key-load-delay', '200000', '--loading-process-events-interval-bytes', '1024');
  return { server, loaded };
}

test('waits for a Redis that is loading its data, and uses it when it is ready', async () => {
  const { server, loaded } = await loading();
  const ping = new Redis({ port: server.port, enableReadyCheck: false });
  ping.on('error', () => {}); // it may start to listen later
  onTestFinished(() => ping.disconnect());
  await until(async () => (await messageOf(ping.ping())).includes('LOADING'));
  const { store, events, emitted } = subscribeTo(openStore(server, { timeout: 300 }));
  const notReady = 'Redis is not ready within 300 ms; it may be loading its data';
  await until(async () => (await messageOf(store.read({ name: 'secret-1' }))).includes(notReady));

  await loaded;
  await emitted('recovered');

  expect(events.at(-1)).toEqual({ kind: 'recovered' });
  expect(await versionIn(store, 'secret-1')).toBe('v1');
});

test('names the state of a Redis that responds while it is loading its data', async () => {
  const { server, loaded } = await loading();
  const client = new Redis({ port: server.port, enableReadyCheck: false });
  client.on('error', () => {}); // it may start to listen later
  onTestFinished(() => client.disconnect());
  const store = redisStore({ client, key: firstKey });
  onTestFinished(() => store.close());
  const read = (): Promise<string> => messageOf(store.read({ name: 'secret-1' }));
  await until(async () => (await read()).includes('Redis is still loading its data'));

  await loaded;
  await until(async () => (await read()) === 'resolved');

  expect(await versionIn(store, 'secret-1')).toBe('v1');
});

test('names the state of a replica that has lost its primary, and uses it when it is primary', async () => {
  const { admin, one } = await fleet();
  await one.write({ name: 'db' }, stored());
  const { events } = subscribeTo(one);
  await admin.config('SET', 'replica-serve-stale-data', 'no');
  await admin.replicaof('127.0.0.1', 1);

  expect(await messageOf(one.read({ name: 'db' }))).toContain('the replica has lost its primary');
  await admin.replicaof('NO', 'ONE');

  expect(await versionIn(one, 'db')).toBe('v1');
  // The server responds, so it is not an outage of the connection.
  expect(events.filter(({ kind }) => kind === 'unavailable')).toEqual([]);
});

test('of two primaries, each process uses its own; after the split all use the one that stays', async () => {
  const [old, elected] = [await redisOfTest(), await redisOfTest()];
  const address = await movableAddress(old, elected);
  const url = `redis://127.0.0.1:${address.port}`;
  const left = subscribeTo(openStore(old, { url }));
  await left.store.write({ name: 'db' }, stored());
  await subscribers(connectTo(old), 1);

  // The connections of the one process stay with the old primary, the other process finds the new one.
  address.failOver();
  const right = subscribeTo(openStore(elected, { url }));
  await right.store.write({ name: 'db' }, stored({ versionId: 'v2', fetchedAt: stored().fetchedAt + 2 }));
  await left.store.write({ name: 'db' }, stored({ versionId: 'v1b', fetchedAt: stored().fetchedAt + 1 }));
  expect([await versionIn(left.store, 'db'), await versionIn(right.store, 'db')]).toEqual(['v1b', 'v2']);

  // The old primary becomes a replica, and loses what was written to it: the later fetch is that of the new primary.
  await connectTo(old).replicaof('127.0.0.1', elected.port);
  await until(async () => (await versionIn(left.store, 'db').catch(() => undefined)) === 'v2');
  // Its first write to the replica fails, and shows that there is another primary.
  await until(async () => (await messageOf(left.store.write({ name: 'api' }, stored()))) === 'resolved');
  await right.emitted('written');
  await subscribers(connectTo(elected), 2);
  await right.store.write({ name: 'db' }, stored({ versionId: 'v3', fetchedAt: stored().fetchedAt + 3 }));
  await left.emitted('written');

  expect([await versionIn(left.store, 'db'), await versionIn(right.store, 'db')]).toEqual(['v3', 'v3']);
});
