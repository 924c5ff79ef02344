import { readFile } from 'node:fs/promises';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretStore } from '@kms-secrets/core';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
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
import type { RedisStoreOptions } from './options.ts';
import { redisStore } from './redis-store.ts';
import { redisOfTest } from './redis-server.fixture.ts';
import type { RedisServer } from './redis-server.fixture.ts';

test('reports an outage once, rejects immediately during it, and recovers', async () => {
  const { server, admin, one, other } = await fleet();
  const self = subscribeTo(one);
  await one.write({ name: 'db' }, stored());
  // Redis can reply to the writer, and be killed before it sends the message to the subscriber.
  await other.emitted('written');

  await server.kill();
  await Promise.all([self.emitted('unavailable'), other.emitted('unavailable')]);
  const calls = [
    one.read({ name: 'db' }),
    one.write({ name: 'db' }, stored()),
    one.remove({ name: 'db' }),
    one.removeAll('other'),
    one.lease?.({ name: 'db' }, 1_000) ?? Promise.resolve(),
  ];
  const messages = await Promise.all(calls.map(messageOf));
  expect(messages).toEqual(
    Array(5).fill(
      expect.stringMatching(/could not be .+ redis store 127\.0\.0\.1:\d+ \(prefix kms-secrets\): the connection/u),
    ),
  );

  await server.start();
  await Promise.all([self.emitted('recovered'), other.emitted('recovered')]);
  expect(await versionIn(one, 'db')).toBeUndefined();
  await subscribers(admin, 2);
  await one.write({ name: 'db' }, stored({ fetchedAt: 1 }));
  await other.emitted('written', 2);

  expect(await versionIn(other.store, 'db')).toBe('v1');
  expect(self.events.map(({ kind }) => kind)).toEqual(['unavailable', 'recovered']);
  // The removal that was rejected is the caller's to retry.
  expect(other.events.map(({ kind }) => kind)).toEqual(['written', 'unavailable', 'recovered', 'written']);
});

/** How often a server has run these commands. Rejected ones do not count. */
async function callsOf(admin: Redis, ...commands: readonly string[]): Promise<number[]> {
  const stats = await admin.info('commandstats');
  return commands.map((command) => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`, 'u').exec(stats)?.[1] ?? 0));
}

interface Subject {
  readonly client: ReturnType<typeof createSecretClient>;
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
  /** Resolves when no change of the client is pending. */
  readonly settled: () => Promise<void>;
}

/** A client whose only store is the server. Both hold `db`. Its clock is fake: a change must not time out and be repeated. */
async function clientOf(server: RedisServer, admin: Redis): Promise<Subject> {
  const clock = new FakeClock();
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const client = createSecretClient({
    endpoints: [kms],
    retry: { maxAttempts: 1 },
    clock,
    stores: openStore(server),
  });
  onTestFinished(() => client.close());
  const settled = (): Promise<void> => expect.poll(() => client.describe().stores[0]?.queued).toBe(0);
  await client.get('db');
  await settled();
  await expect.poll(() => admin.keys('*:lease:*')).toEqual([]);
  return { client, clock, kms, settled };
}

test('removes and announces once what was invalidated during an outage', async () => {
  const { server, admin, other } = await fleet();
  const { client, clock, settled } = await clientOf(server, admin);
  await admin.save();
  server.freeze();

  void client.invalidate('db');
  await clock.pass('500ms');
  expect(client.describe().stores).toMatchObject([
    {
      state: 'failing',
      queued: 1,
      lastFailure: { message: expect.stringContaining('failed to remove secret "db"') as string },
    },
  ]);
  await server.kill();
  await server.start();
  await Promise.all([settled(), other.emitted('recovered')]);
  await client.close();

  expect(await currentIn(openStore(server))).toBeUndefined();
  expect(await callsOf(admin, 'del', 'publish')).toEqual([1, 1]);
});

test('does not serve a secret while its removal is pending, and removes it once', async () => {
  const { server, admin } = await fleet();
  const { client, clock, kms, settled } = await clientOf(server, admin);
  await admin.replicaof('127.0.0.1', 1);

  void client.invalidate('db');
  kms.fail('unreachable');
  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  expect(await currentIn(openStore(server))).toBe('v1');
  expect(client.describe().stores).toMatchObject([{ queued: 1 }]);
  await admin.config('RESETSTAT');
  await admin.replicaof('NO', 'ONE');
  await clock.pass('1s');
  await settled();
  await client.close();

  expect(await currentIn(openStore(server))).toBeUndefined();
  expect(await callsOf(admin, 'del', 'publish')).toEqual([1, 1]);
});

/** The version of the request that the client makes for `db`. */
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
  await other.emitted('removed');

  expect(await versionIn(one, 'db')).toBeUndefined();
  expect(other.events.map(({ kind }) => kind)).toEqual(['written', 'removed']);
});

test.each([
  ['remove', (store: SecretStore) => store.remove({ name: 'db' })],
  ['removeAll', (store: SecretStore) => store.removeAll('db')],
] as const)('%s rejects if it could not notify the other processes', async (_, remove) => {
  const { admin, one } = await fleet();
  await one.write({ name: 'db' }, stored());
  await admin.call('ACL', 'SETUSER', 'default', '-publish');

  expect(await messageOf(remove(one))).toContain('Secret "db" could not be removed');

  expect(await versionIn(one, 'db')).toBeUndefined();
});

test('works as soon as a Redis starts that was unavailable at first', async () => {
  const server = await redisOfTest();
  await server.kill();
  const { store, emitted } = subscribeTo(openStore(server));

  expect(await messageOf(store.read({ name: 'db' }))).toMatch(
    /^StoreError: Secret "db" could not be read from redis store \S+ \(prefix kms-secrets\): the connection failed \(ECONNREFUSED\)\. See \S+#err_store$/u,
  );
  await server.start();
  await emitted('recovered');
  await store.write({ name: 'db' }, stored());

  expect(await versionIn(store, 'db')).toBe('v1');
});

test('waits once for a Redis that does not respond, then rejects immediately', async () => {
  const clock = new FakeClock();
  const { server, one } = await fleet({ clock, timeout: 400 });
  const { events, emitted } = subscribeTo(one);
  await one.write({ name: 'db' }, stored());

  server.freeze();
  const waiting = messageOf(one.read({ name: 'db' }));
  await clock.pass(399);
  expect(events).toEqual([]);
  await clock.pass(1);
  expect(await waiting).toContain('no response within 400 ms');
  // Not sent: the clock stands still, so a command would never time out.
  expect(await messageOf(one.write({ name: 'db' }, stored()))).toContain('no response within 400 ms');

  server.thaw();
  await clock.pass(1_000);
  await emitted('recovered');

  expect(await versionIn(one, 'db')).toBe('v1');
  expect(events.map(({ kind }) => kind)).toEqual(['unavailable', 'recovered']);
});

test('rejects immediately after the caller has closed its client', async () => {
  const server = await redisOfTest();
  const client = new Redis(server.port);
  const store = redisStore({ client, key: firstKey, timeout: '30s' });
  await store.write({ name: 'db' }, stored());

  client.disconnect();

  expect(await messageOf(store.read({ name: 'db' }))).toMatch(/^StoreError: Secret "db" could not be read/u);
  await store.close();
});

test('reports that the connection for messages failed and recovered', async () => {
  const { admin, one, other } = await fleet();

  await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await other.emitted('unavailable');
  await other.emitted('recovered');
  await one.write({ name: 'db' }, stored());
  await other.emitted('written');

  expect(other.events.map(({ kind }) => kind)).toEqual(['unavailable', 'recovered', 'written']);
});

test('treats evicted entries and scripts as missing', async () => {
  const { admin, one, other } = await fleet();
  await one.write({ name: 'db' }, stored());
  await admin.flushall();
  await admin.script('FLUSH');

  expect(await versionIn(other.store, 'db')).toBeUndefined();
  await one.write({ name: 'db' }, stored({ fetchedAt: 1, versionId: 'v2' }));

  expect(await versionIn(other.store, 'db')).toBe('v2');
});

test.each<[string, (port: number) => Partial<RedisStoreOptions>]>([
  ['its own client', (port) => ({ url: `redis://127.0.0.1:${port}` })],
  [
    'a client of the caller',
    (port) => {
      const client = new Redis(port);
      onTestFinished(() => client.disconnect());
      return { client, url: undefined };
    },
  ],
])('follows a failover that leaves the connections open, with %s', async (_, optionsWith) => {
  const [first, second] = [await redisOfTest(), await redisOfTest()];
  const address = await movableAddress(first, second);
  const store = subscribeTo(openStore(first, optionsWith(address.port)));
  await store.store.write({ name: 'db' }, stored());

  const later = stored({ versionId: 'v2', fetchedAt: stored().fetchedAt + 1 });
  await connectTo(first).replicaof('127.0.0.1', 1);
  address.failOver();
  expect(await messageOf(store.store.write({ name: 'db' }, later))).toContain('read-only replica');
  await store.emitted('recovered');
  await store.store.write({ name: 'db' }, later);
  await subscribers(connectTo(second), 1);
  await openStore(second).write({ name: 'other' }, stored());
  await store.emitted('written');

  expect(await versionIn(openStore(second), 'db')).toBe('v2');
  expect(store.events[0]).toEqual({ kind: 'unavailable', reason: 'Redis has failed over to another server' });
});

test('keeps its connection to a replica that is not failed over', async () => {
  const { admin, one } = await fleet();
  await admin.replicaof('127.0.0.1', 1);
  const self = subscribeTo(one);
  await one.read({ name: 'db' });
  await subscribers(admin, 2);
  const before = await connectionsOf(admin);

  expect(await messageOf(one.write({ name: 'db' }, stored()))).toContain('read-only replica');
  // The check opens a connection of its own, and closes it when it has compared the servers.
  const after = async (): Promise<unknown> => {
    const { received, open } = await connectionsOf(admin);
    return { isChecked: received > before.received, open };
  };
  await expect.poll(after).toEqual({ isChecked: true, open: before.open });

  expect(self.events).toEqual([]);
});

/** The connections that Redis has accepted so far, and those that are open. */
async function connectionsOf(admin: Redis): Promise<{ readonly received: number; readonly open: number }> {
  const info = `${await admin.info('stats')}\n${await admin.info('clients')}`;
  const field = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'mu').exec(info)?.[1]);
  return { received: field('total_connections_received'), open: field('connected_clients') };
}

test('reads from a read-only replica, and explains why writes fail', async () => {
  const { server, admin, one } = await fleet();
  await one.write({ name: 'db' }, stored());
  await admin.replicaof('127.0.0.1', 1);
  const { store, events } = subscribeTo(openStore(server));

  expect(await versionIn(store, 'db')).toBe('v1');
  expect(await messageOf(store.write({ name: 'api' }, stored()))).toContain(
    'this Redis is a read-only replica; connect to the primary.',
  );
  expect(await messageOf(store.remove({ name: 'db' }))).toContain('this Redis is a read-only replica');
  expect(await messageOf(store.lease?.({ name: 'db' }, 1_000) ?? Promise.resolve())).toContain('read-only replica');
  await admin.replicaof('NO', 'ONE');
  await store.write({ name: 'api' }, stored());

  expect(await versionIn(store, 'api')).toBe('v1');
  expect(events.filter(({ kind }) => kind === 'unavailable')).toEqual([]);
});

test('takes the password from the URL, and explains why one is needed', async () => {
  const server = await redisOfTest('--requirepass', 's3cret-pass');
  const withPassword = openStore(server, { url: `redis://:s3cret-pass@127.0.0.1:${server.port}` });
  const [without, wrong] = [
    openStore(server),
    openStore(server, { url: `redis://:s3cret-not@127.0.0.1:${server.port}` }),
  ];

  await withPassword.write({ name: 'db' }, stored());
  const messages = [await messageOf(without.read({ name: 'db' })), await messageOf(wrong.read({ name: 'db' }))];

  expect(await versionIn(withPassword, 'db')).toBe('v1');
  expect(messages[0]).toContain('Redis requires a password; set it in the URL');
  expect(messages[1]).toMatch(/Redis rejected the user name or password|Redis requires a password/u);
  expect([withPassword.name, ...messages].join('').includes('s3cret')).toBe(false);
});

test('reads from a Redis that is out of memory', async () => {
  const { admin, one } = await fleet();
  await one.write({ name: 'db' }, stored());
  await admin.config('SET', 'maxmemory', '1');

  expect(await messageOf(one.write({ name: 'api' }, stored()))).toContain('Redis is out of memory and does not evict');
  expect(await versionIn(one, 'db')).toBe('v1');
});

test('sends a script that Redis refuses once, and its text only if Redis does not have it', async () => {
  const { admin, one } = await fleet();
  await one.write({ name: 'db' }, stored());
  await admin.config('RESETSTAT');
  await admin.config('SET', 'maxmemory', '1');
  await messageOf(one.write({ name: 'api' }, stored()));

  const statistics = await admin.info('commandstats');

  expect(statistics).toContain('cmdstat_evalsha:calls=1,');
  expect(statistics).not.toContain('cmdstat_eval:');
});

test('names the permissions that a Redis user lacks', async () => {
  const { server, admin } = await fleet();
  await admin.call('ACL', 'SETUSER', 'limited', 'on', '>pass', '~*', '+ping', '+info', '+hello');
  const store = openStore(server, { url: `redis://limited:pass@127.0.0.1:${server.port}` });

  expect(await messageOf(store.read({ name: 'db' }))).toContain(
    'the Redis user lacks permissions; allow it the commands',
  );
});

test('needs no other permissions than those of the README', async () => {
  const { server, admin } = await fleet();
  const readme = await readFile('packages/redis/README.md', 'utf8');
  const commands = /&my-app\/production:news (?<commands>.+)/u.exec(readme)?.groups?.['commands']?.split(' ') ?? [];
  await admin.call('ACL', 'SETUSER', 'limited', 'on', '>pass', '~kms-secrets:*', '&kms-secrets:news', ...commands);
  const store = openStore(server, { url: `redis://limited:pass@127.0.0.1:${server.port}` });

  await store.write({ name: 'db' }, stored());
  expect(await versionIn(store, 'db')).toBe('v1');
  await store.remove({ name: 'db' });
  await store.removeAll('db');
  const lease = await store.lease?.({ name: 'db' }, 1_000);
  await lease?.release();

  expect(lease).toBeDefined();
});

test.each(['-hget', '-type', '-hstrlen'])('names them if a script needs them: %s', async (command) => {
  const { server, admin, one } = await fleet();
  await one.write({ name: 'db' }, stored());
  await admin.call('ACL', 'SETUSER', 'limited', 'on', '>pass', '~*', '&*', '+@all', command);
  const store = openStore(server, { url: `redis://limited:pass@127.0.0.1:${server.port}` });

  expect(await messageOf(store.read({ name: 'db' }))).toContain(
    'the Redis user lacks permissions; allow it the commands',
  );
});
