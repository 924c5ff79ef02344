import { setTimeout } from 'node:timers/promises';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretStore } from '@kms-secrets/core';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { firstKey, fleet, heardBy, listenTo, messageOf, open, stored, stranger, versionIn } from './fleet.fixture.ts';
import { redisStore } from './redis-store.ts';
import { redisOfTest } from './redis-server.fixture.ts';
import type { RedisServer } from './redis-server.fixture.ts';

test('a Redis that is restarted is away and back once each, calls fail at once meanwhile, and all works afterwards', async () => {
  const { server, admin, one, other } = await fleet();
  const self = listenTo(one);
  await one.write({ name: 'db' }, stored());

  await server.kill();
  await Promise.all([self.told('unavailable'), other.told('unavailable')]);
  const calls = [
    one.read({ name: 'db' }),
    one.write({ name: 'db' }, stored()),
    one.remove({ name: 'db' }),
    one.removeAll('other'),
    one.lease?.({ name: 'db' }, 1_000) ?? Promise.resolve(),
  ];
  const messages = await Promise.all(calls.map(messageOf));
  expect(messages).toEqual(
    Array(5).fill(expect.stringMatching(/^StoreError: redis 127\.0\.0\.1:\d+ at kms-secrets could not/u)),
  );

  await server.start();
  await Promise.all([self.told('recovered'), other.told('recovered')]);
  expect(await versionIn(one, 'db')).toBeUndefined();
  await heardBy(admin, 2);
  await one.write({ name: 'db' }, stored({ fetchedAt: 1 }));
  await other.told('written', 2);

  expect(await versionIn(other.store, 'db')).toBe('v1');
  expect(self.news.map(({ kind }) => kind)).toEqual(['unavailable', 'recovered']);
  // The removal that was rejected is the caller's to retry.
  expect(other.news.map(({ kind }) => kind)).toEqual(['written', 'unavailable', 'recovered', 'written']);
});

/** How often a server has run commands, without those that it refused. */
async function callsOf(admin: Redis, ...commands: readonly string[]): Promise<number[]> {
  const stats = await admin.info('commandstats');
  return commands.map((command) => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`, 'u').exec(stats)?.[1] ?? 0));
}

interface Subject {
  readonly client: ReturnType<typeof createSecretClient>;
  readonly kms: FakeTransport;
  /** Resolves when the client has written and removed everything that waits for its store. */
  readonly settled: () => Promise<void>;
}

/** A client whose only store is the Redis of the test; it holds `db` in memory and in Redis. */
async function clientOf(server: RedisServer): Promise<Subject> {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const client = createSecretClient({
    endpoints: [kms],
    retry: { maxAttempts: 1 },
    stores: redisStore({ url: server.url, key: firstKey }),
  });
  onTestFinished(() => client.close());
  const settled = async (): Promise<void> => {
    while (client.describe().stores[0]?.waiting !== 0) await setTimeout(10);
  };
  await client.get('db');
  await settled();
  return { client, kms, settled };
}

test('removes and announces once what was invalidated during an outage', async () => {
  const { server, admin, other } = await fleet();
  const { client, settled } = await clientOf(server);
  const failed = new Promise((resolve) => client.on('store', resolve));
  await admin.save();
  server.freeze();

  void client.invalidate('db');
  expect(await failed).toMatchObject({ operation: 'removeAll', name: 'db' });
  await server.kill();
  await server.start();
  await Promise.all([settled(), other.told('recovered')]);
  await client.close();

  expect(await currentIn(open(server))).toBeUndefined();
  expect(await callsOf(admin, 'del', 'publish')).toEqual([1, 1]);
});

test('a removal that waits for Redis serves nothing, and is retried until it is done', async () => {
  const { server, admin } = await fleet();
  const { client, kms, settled } = await clientOf(server);
  await admin.replicaof('127.0.0.1', 1);

  void client.invalidate('db');
  kms.fail('unreachable');
  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  expect(await currentIn(open(server))).toBe('v1');
  expect(client.describe().stores).toMatchObject([{ waiting: 1 }]);
  await admin.replicaof('NO', 'ONE');
  await admin.config('RESETSTAT');
  await settled();
  await client.close();

  expect(await currentIn(open(server))).toBeUndefined();
  expect(await callsOf(admin, 'del', 'publish')).toEqual([1, 1]);
});

/** The version of the request that a client makes of a plain name. */
async function currentIn(store: SecretStore): Promise<unknown> {
  return (await store.read({ name: 'db', stage: 'ACSCurrent' }))?.versionId;
}

test('rejects a removal that Redis refuses, and carries it out when it is repeated', async () => {
  const { admin, one, other } = await fleet();
  await one.write({ name: 'db' }, stored());
  await admin.replicaof('127.0.0.1', 1);

  expect(await messageOf(one.removeAll('db'))).toContain('read-only replica');
  await admin.replicaof('NO', 'ONE');
  await one.removeAll('db');
  await other.told('removed');

  expect(await versionIn(one, 'db')).toBeUndefined();
  expect(other.news.map(({ kind }) => kind)).toEqual(['written', 'removed']);
});

test('without Redis from the beginning calls reject, and work as soon as it is there', async () => {
  const server = await redisOfTest();
  await server.kill();
  const { store, told } = listenTo(open(server));

  expect(await messageOf(store.read({ name: 'db' }))).toMatch(
    /could not read secret "db": it cannot be reached \(ECONNREFUSED\)\.$/u,
  );
  await server.start();
  await told('recovered');
  await store.write({ name: 'db' }, stored());

  expect(await versionIn(store, 'db')).toBe('v1');
});

test('a Redis that answers no more costs one wait, and nothing from then on', async () => {
  const clock = new FakeClock();
  const { server, one } = await fleet({ clock, timeout: 400 });
  const { news, told } = listenTo(one);
  await one.write({ name: 'db' }, stored());

  server.freeze();
  const waiting = messageOf(one.read({ name: 'db' }));
  await clock.pass(399);
  expect(news).toEqual([]);
  await clock.pass(1);
  expect(await waiting).toContain('it has not answered within 400 ms');
  // Nothing is asked of it now: with a clock that stands still this would never end.
  expect(await messageOf(one.write({ name: 'db' }, stored()))).toContain('it has not answered within 400 ms');

  server.thaw();
  await clock.pass(1_000);
  await told('recovered');

  expect(await versionIn(one, 'db')).toBe('v1');
  expect(news.map(({ kind }) => kind)).toEqual(['unavailable', 'recovered']);
});

test('a client that was closed by its owner is an error, and not a wait', async () => {
  const server = await redisOfTest();
  const client = new Redis(server.port);
  const store = redisStore({ client, key: firstKey });
  await store.write({ name: 'db' }, stored());

  client.disconnect();

  expect(await messageOf(store.read({ name: 'db' }))).toMatch(/could not read secret "db"/u);
  await store.close();
});

test('a connection for messages that is cut is told, and told again when it is back', async () => {
  const { admin, one, other } = await fleet();

  await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await other.told('unavailable');
  await other.told('recovered');
  await one.write({ name: 'db' }, stored());
  await other.told('written');

  expect(other.news.map(({ kind }) => kind)).toEqual(['unavailable', 'recovered', 'written']);
});

test('what Redis evicts, or somebody deletes, is as if it had never been there', async () => {
  const { admin, one, other } = await fleet();
  await one.write({ name: 'db' }, stored());
  await admin.flushall();
  await admin.script('FLUSH');

  expect(await versionIn(other.store, 'db')).toBeUndefined();
  await one.write({ name: 'db' }, stored({ fetchedAt: 1, versionId: 'v2' }));

  expect(await versionIn(other.store, 'db')).toBe('v2');
});

test('from a read-only replica secrets are read, and writing says what it is', async () => {
  const { server, admin, one } = await fleet();
  await one.write({ name: 'db' }, stored());
  await admin.replicaof('127.0.0.1', 1);
  const { store, news } = listenTo(open(server));

  expect(await versionIn(store, 'db')).toBe('v1');
  expect(await messageOf(store.write({ name: 'api' }, stored()))).toContain(
    'this Redis is a read-only replica: connect to the primary.',
  );
  expect(await messageOf(store.remove({ name: 'db' }))).toContain('this Redis is a read-only replica');
  expect(await messageOf(store.lease?.({ name: 'db' }, 1_000) ?? Promise.resolve())).toContain('read-only replica');
  await admin.replicaof('NO', 'ONE');
  await store.write({ name: 'api' }, stored());

  expect(await versionIn(store, 'api')).toBe('v1');
  expect(news.filter(({ kind }) => kind === 'unavailable')).toEqual([]);
});

test('a Redis that wants a password says so, and takes the one of the URL', async () => {
  const server = await redisOfTest('--requirepass', 's3cret-pass');
  const withPassword = open(server, { url: `redis://:s3cret-pass@127.0.0.1:${server.port}` });
  const [without, wrong] = [open(server), open(server, { url: `redis://:s3cret-not@127.0.0.1:${server.port}` })];

  await withPassword.write({ name: 'db' }, stored());
  const messages = [await messageOf(without.read({ name: 'db' })), await messageOf(wrong.read({ name: 'db' }))];

  expect(await versionIn(withPassword, 'db')).toBe('v1');
  expect(messages[0]).toContain('Redis wants a password: put it into the URL');
  expect(messages[1]).toMatch(/Redis does not take this user and password|Redis wants a password/u);
  expect([withPassword.name, ...messages].join('').includes('s3cret')).toBe(false);
});

test('a Redis whose memory is full says so, and reading goes on', async () => {
  const { admin, one } = await fleet();
  await one.write({ name: 'db' }, stored());
  await admin.config('SET', 'maxmemory', '1');

  expect(await messageOf(one.write({ name: 'api' }, stored()))).toContain('its memory is full, and it evicts nothing');
  expect(await versionIn(one, 'db')).toBe('v1');
});

test('a user who may not do what is needed is told what to allow', async () => {
  const { server, admin } = await fleet();
  await admin.call('ACL', 'SETUSER', 'poor', 'on', '>pass', '~*', '+ping', '+info', '+hello');
  const store = open(server, { url: `redis://poor:pass@127.0.0.1:${server.port}` });

  expect(await messageOf(store.read({ name: 'db' }))).toContain('its user may not do this: allow it the commands');
});

/** The hash of the only secret, and its field. */
async function placeOf(admin: Redis): Promise<readonly [string, string]> {
  const [hash = ''] = await admin.keys('*');
  const [field = ''] = await admin.hkeys(hash);
  return [hash, field];
}

test.each<[string, (sealed: Buffer) => Buffer | string]>([
  ['garbage', () => 's3cret-garbage'],
  ['nothing', () => ''],
  ['one bit changed', (sealed) => Buffer.from(sealed.with(40, (sealed[40] ?? 0) ^ 1))],
  ['a later date', (sealed) => Buffer.from(sealed.with(11, 255))],
  ['half of it', (sealed) => sealed.subarray(0, 60)],
])('a value that is %s is dropped, told with its name, and written over', async (_, spoil) => {
  const { admin, one, other } = await fleet();
  await one.write({ name: 'db' }, stored());
  const [hash, field] = await placeOf(admin);
  const sealed = await admin.hgetBuffer(hash, field);
  const spoilt = spoil(sealed ?? Buffer.alloc(0));

  await admin.hset(hash, field, spoilt);
  expect(await versionIn(other.store, 'db')).toBeUndefined();
  expect(await admin.hexists(hash, field)).toBe(0);

  await admin.hset(hash, field, spoilt);
  await one.write({ name: 'db' }, stored({ versionId: 'v2' }));
  expect(await versionIn(other.store, 'db')).toBe('v2');
  expect(other.news.filter(({ kind }) => kind === 'dropped')).toEqual([
    {
      kind: 'dropped',
      name: 'db',
      reason: expect.stringMatching(/^An entry of redis .+: it is dropped\.$/u) as string,
    },
  ]);
  expect(JSON.stringify(other.news).includes('s3cret')).toBe(false);
});

test('values that were exchanged are trusted no more', async () => {
  const { admin, one, other } = await fleet();
  await one.write({ name: 'db' }, stored());
  const [hash, field] = await placeOf(admin);
  const sealed = (await admin.hgetBuffer(hash, field)) ?? '';
  await one.write({ name: 'api' }, stored());
  const [second = ''] = (await admin.keys('*')).filter((name) => name !== hash);
  const [secondField = ''] = await admin.hkeys(second);

  await admin.hset(second, secondField, sealed);

  expect([await versionIn(other.store, 'db'), await versionIn(other.store, 'api')]).toEqual(['v1', undefined]);
});

test('what is no hash, or longer than any secret, is passed over and written over', async () => {
  const { admin, one } = await fleet();
  await one.write({ name: 'db' }, stored());
  const [hash, field] = await placeOf(admin);

  await admin.hset(hash, field, 'x'.repeat(2_000_000));
  expect(await versionIn(one, 'db')).toBeUndefined();
  await admin.set(hash, 'a text');
  expect(await versionIn(one, 'db')).toBeUndefined();
  await one.write({ name: 'db' }, stored());

  expect(await versionIn(one, 'db')).toBe('v1');
});

test('messages that are forged, changed, sent again or old are not believed', async () => {
  const clock = new FakeClock();
  const { server, admin, one, other } = await fleet({ clock });
  const seen: Buffer[] = [];
  const spy = stranger(server);
  spy.on('messageBuffer', (_, message: Buffer) => seen.push(message));
  await spy.subscribe('kms-secrets:news');
  await one.removeAll('db');
  await other.told('removed');
  const [message = Buffer.alloc(0)] = seen;

  await admin.publish('kms-secrets:news', message);
  await admin.publish('kms-secrets:news', Buffer.from(message.with(40, (message[40] ?? 0) ^ 1)));
  await admin.publish('kms-secrets:news', JSON.stringify({ kind: 'removed', name: 'db' }));
  await admin.publish('kms-secrets:news', '');
  // To a process that has not heard it yet it is news for a quarter of an hour.
  clock.setDate(clock.date() + 1_000_000);
  const late = listenTo(open(server, { clock }));
  await heardBy(admin, 3);
  await admin.publish('kms-secrets:news', message);
  await one.write({ name: 'db' }, stored());
  await Promise.all([other.told('written'), late.told('written')]);

  expect(other.news.map(({ kind }) => kind)).toEqual(['removed', 'written']);
  expect(late.news.map(({ kind }) => kind)).toEqual(['written']);
  onTestFinished(() => spy.disconnect());
});
