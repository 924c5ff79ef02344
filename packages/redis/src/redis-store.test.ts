import { isSecretError } from '@kms-secrets/core';
import type { SecretStore } from '@kms-secrets/core';
import { FakeClock } from '@kms-secrets/testing';
import { describeStore } from '@kms-secrets/testing/contracts';
import { Redis } from 'ioredis';
import { Redis as Valkey } from 'iovalkey';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  connectTo,
  firstKey,
  fleet,
  openStore,
  secondKey,
  stored,
  subscribers,
  subscribeTo,
  versionIn,
} from './fleet.fixture.ts';
import type { RedisStoreOptions } from './options.ts';
import { redisStore } from './redis-store.ts';
import { redisOfTest, startRedis } from './redis-server.fixture.ts';
import type { RedisServer } from './redis-server.fixture.ts';

let shared: RedisServer;
let prefixes = 0;
beforeAll(async () => {
  shared = await startRedis();
});
afterAll(() => shared.stop());

describe.each<[string, (port: number) => RedisStoreOptions]>([
  ['a client of ioredis', (port) => ({ client: closedAfterTest(new Redis(port)) })],
  ['a client of iovalkey', (port) => ({ client: closedAfterTest(new Valkey(port)) })],
  ['a client with a keyPrefix', (port) => ({ client: closedAfterTest(new Redis(port, { keyPrefix: 'app:' })) })],
  ['a URL', (port) => ({ url: `redis://127.0.0.1:${port}` })],
])('with %s', (_, options) => {
  describeStore('Redis store', () => {
    prefixes += 1;
    return redisStore({ ...options(shared.port), key: firstKey, timeout: '30s', prefix: `test-${prefixes}` });
  });

  test('shares writes, removals and leases with other processes', async () => {
    prefixes += 1;
    const make = (): SecretStore =>
      redisStore({ ...options(shared.port), key: firstKey, timeout: '30s', prefix: `test-${prefixes}` });
    const [one, other] = [make(), make()];
    onTestFinished(() => Promise.all([one.close(), other.close()]).then(() => {}));
    const { events, emitted } = subscribeTo(other);
    await subscribers(connectTo(shared), 1, `test-${prefixes}`);

    const lease = await one.lease?.({ name: 'db' }, 60_000);
    const taken = await other.lease?.({ name: 'db' }, 60_000);
    await lease?.release();
    await one.write({ name: 'db' }, stored());
    await one.removeAll('db');
    await emitted('removed');

    expect([lease === undefined, taken]).toEqual([false, undefined]);
    expect(events).toEqual([
      { kind: 'written', request: { name: 'db' }, fetchedAt: 1_767_323_046_000 },
      { kind: 'removed', name: 'db' },
    ]);
  });
});

function closedAfterTest<Client extends { disconnect(): void }>(client: Client): Client {
  onTestFinished(() => client.disconnect());
  return client;
}

test('hides names and values from Redis, and lets every key expire', async () => {
  const { admin, one } = await fleet();
  await one.write({ name: 'prod/db' }, stored({ name: 'prod/db' }));
  await one.lease?.({ name: 'prod/db' }, 60_000);

  const keys = await admin.keys('*');
  const [hash = ''] = keys.filter((key) => !key.includes(':lease:'));
  const seen = [...keys, JSON.stringify(await admin.hgetall(hash))].join('\n');
  const ttls = await Promise.all(keys.map((key) => admin.pttl(key)));

  expect(keys).toHaveLength(2);
  expect(['prod', 's3cret', 'ACSCurrent'].map((text) => seen.includes(text))).toEqual([false, false, false]);
  expect(ttls.every((ttl) => ttl > 0 && ttl <= 7 * 86_400_000)).toBe(true);
});

test('expires entries after keepFor', async () => {
  const { admin, one } = await fleet({ keepFor: '2m' });
  await one.write({ name: 'db' }, stored());

  const [hash = ''] = await admin.keys('*');

  expect(await admin.pttl(hash)).toBeLessThanOrEqual(120_000);
});

test('keeps the latest fetch of concurrent writes', async () => {
  const { server, one } = await fleet();
  const stores = [one, ...Array.from({ length: 7 }, () => openStore(server))];

  await Promise.all(
    stores.flatMap((store, index) =>
      Array.from({ length: 20 }, (_, round) => {
        const fetchedAt = ((round * 7) % 20) * 8 + index;
        return store.write({ name: 'db' }, stored({ fetchedAt, versionId: `v${fetchedAt}` }));
      }),
    ),
  );

  expect(await versionIn(one, 'db')).toBe('v159');
});

test('replaces an entry that a wrong clock dated an hour ahead', async () => {
  const clock = new FakeClock();
  const { one } = await fleet({ clock });
  await one.write({ name: 'db' }, stored({ fetchedAt: clock.date() + 3_600_000, versionId: 'ahead' }));

  await one.write({ name: 'db' }, stored({ fetchedAt: clock.date(), versionId: 'now' }));

  expect(await versionIn(one, 'db')).toBe('now');
});

test('emits no event for its own messages', async () => {
  const { admin, one, other } = await fleet();
  const self = subscribeTo(one);
  await subscribers(admin, 2);

  await one.write({ name: 'db' }, stored());
  await other.store.write({ name: 'api' }, stored());
  await self.emitted('written');

  expect(self.events).toEqual([{ kind: 'written', request: { name: 'api' }, fetchedAt: 1_767_323_046_000 }]);
});

test('does not announce a write that changes nothing', async () => {
  const { one, other } = await fleet();
  await one.write({ name: 'db' }, stored());
  await one.write({ name: 'db' }, stored({ fetchedAt: 1 }));
  await one.write({ name: 'api' }, stored());

  await other.emitted('written', 2);

  expect(other.events.map((event) => event.kind === 'written' && event.request.name)).toEqual(['db', 'api']);
});

test('announces the removal of a request only if it existed', async () => {
  const { one, other } = await fleet();
  await one.write({ name: 'db' }, stored());
  await other.emitted('written');

  await one.remove({ name: 'never-written' });
  await one.remove({ name: 'db' });
  await other.emitted('removed');

  expect(other.events.slice(1)).toEqual([{ kind: 'removed', name: 'db' }]);
});

test('announces a repeated write once, so that two shared stores cannot loop', async () => {
  const { one, other } = await fleet();
  await one.write({ name: 'db' }, stored());
  await one.write({ name: 'db' }, stored());
  await one.removeAll('api');
  await other.emitted('removed');

  expect(other.events.filter(({ kind }) => kind === 'written').length).toBe(1);
});

test('a late release does not take the lease from its next holder', async () => {
  const { admin, one, other } = await fleet();
  const late = await one.lease?.({ name: 'db' }, 60_000);
  // As if it had expired.
  await admin.del(await admin.keys('*:lease:*'));

  const next = await other.store.lease?.({ name: 'db' }, 60_000);
  await late?.release();

  expect([next === undefined, await one.lease?.({ name: 'db' }, 60_000)]).toEqual([false, undefined]);
  const [lease = ''] = await admin.keys('*:lease:*');
  expect(await admin.pttl(lease)).toBeLessThanOrEqual(60_000);
});

test('leases one request, not its other stages', async () => {
  const { one } = await fleet();

  const leases = await Promise.all(
    [{ name: 'db' }, { name: 'db', stage: 'ACSPrevious' }, { name: 'api' }].map(async (request) =>
      one.lease?.(request, 1_000),
    ),
  );

  expect(leases.filter((lease) => lease !== undefined)).toHaveLength(3);
});

test('reads and removes entries of an old key that is in the list', async () => {
  const { server, one } = await fleet();
  await one.write({ name: 'db' }, stored());
  const rotating = openStore(server, { key: undefined, keys: [secondKey, firstKey] });

  expect(await versionIn(rotating, 'db')).toBe('v1');
  await rotating.write({ name: 'db' }, stored({ fetchedAt: 1_767_323_047_000, versionId: 'v2' }));

  expect(await versionIn(openStore(server, { key: secondKey }), 'db')).toBe('v2');
  await rotating.removeAll('db');
  expect([await versionIn(one, 'db'), await versionIn(rotating, 'db')]).toEqual([undefined, undefined]);
});

test('keeps fleets with different keys apart', async () => {
  const { server, one, other } = await fleet();
  const theirs = openStore(server, { key: secondKey });
  await one.write({ name: 'db' }, stored());

  expect(await versionIn(theirs, 'db')).toBeUndefined();
  await theirs.write({ name: 'db' }, stored({ versionId: 'theirs' }));
  await theirs.removeAll('db');
  await one.write({ name: 'api' }, stored());
  await other.emitted('written', 2);

  expect(await versionIn(one, 'db')).toBe('v1');
  expect(other.events.map(({ kind }) => kind)).toEqual(['written', 'foreignKeys', 'written']);
});

test('stores with different keys under one prefix report each other, before anything is written', async () => {
  const server = await redisOfTest();
  const clock = new FakeClock();
  const stores = [firstKey, secondKey].map((key) => subscribeTo(openStore(server, { key, clock })));
  await subscribers(connectTo(server), 2);
  await expect.poll(() => clock.pendingTimers).toBeGreaterThanOrEqual(4);
  await clock.pass('15s');
  await Promise.all(stores.map(({ emitted }) => emitted('foreignKeys')));

  const [one, other] = stores.map(({ store }) => store.keyIds);
  expect(stores.map(({ events }) => events)).toMatchObject([
    [
      {
        kind: 'foreignKeys',
        keyIds: other,
        reason: expect.stringContaining('use the prefix kms-secrets with') as string,
      },
    ],
    [{ kind: 'foreignKeys', keyIds: one }],
  ]);
});

test('a write with a new key removes the entry of the old one, so that the old key can be retired', async () => {
  const { server, admin, one } = await fleet();
  await one.write({ name: 'db' }, stored());
  await one.write({ name: 'db', stage: 'ACSPrevious' }, stored());
  const rotating = openStore(server, { key: undefined, keys: [secondKey, firstKey] });
  await rotating.write({ name: 'db' }, stored({ fetchedAt: 1_767_323_047_000, versionId: 'v2' }));
  const fieldsOf = async (keyId = ''): Promise<number> => {
    const [hash = 'none'] = await admin.keys(`kms-secrets:${keyId}:*`);
    return admin.hlen(hash);
  };

  const [newId, oldId] = rotating.keyIds ?? [];
  expect([await fieldsOf(newId), await fieldsOf(oldId)]).toEqual([1, 1]);
  await rotating.write({ name: 'db', stage: 'ACSPrevious' }, stored({ fetchedAt: 1_767_323_047_000 }));
  expect([await fieldsOf(newId), await fieldsOf(oldId)]).toEqual([2, 0]);
});

test('a write keeps an entry that was fetched later, whichever key it is sealed with', async () => {
  const { server, one } = await fleet();
  await one.write({ name: 'db' }, stored({ fetchedAt: 1_767_323_047_000, versionId: 'v2' }));
  const rotating = openStore(server, { key: undefined, keys: [secondKey, firstKey] });
  await rotating.write({ name: 'db' }, stored());

  expect([await versionIn(one, 'db'), await versionIn(rotating, 'db')]).toEqual(['v2', 'v2']);
});

test('derives the same key from a passphrase and a prefix in every process', async () => {
  const { server, one } = await fleet({ key: undefined, passphrase: 's3cret-passphrase' });
  await one.write({ name: 'db' }, stored());

  expect(await versionIn(openStore(server, { key: undefined, passphrase: 's3cret-passphrase' }), 'db')).toBe('v1');
});

test('closes its own client, but not the one of the caller', async () => {
  const server = await redisOfTest();
  const client = closedAfterTest(new Redis(server.port));
  const [mine, own] = [
    subscribeTo(redisStore({ client, key: firstKey, timeout: '30s' })),
    subscribeTo(openStore(server)),
  ];
  await Promise.all([mine.store.write({ name: 'a' }, stored()), own.store.write({ name: 'b' }, stored())]);

  await Promise.all([mine.store.close(), own.store.close()]);

  expect(await client.ping()).toBe('PONG');
  await expect.poll(() => client.client('LIST')).toMatch(/^id=\S+ [^\n]*\n?$/u);
});

test('leaves no timer when it is closed', async () => {
  const clock = new FakeClock();
  const { one, other } = await fleet({ clock });
  await one.write({ name: 'db' }, stored());

  await Promise.all([one.close(), other.store.close()]);

  expect(clock.pendingTimers).toBe(0);
});

test.each<[string, unknown, string]>([
  ['no client', {}, 'client (option): expected either client or url'],
  ['a misspelt option', { url: 'redis://h', keepfor: '1d' }, 'did you mean "keepFor"?'],
  ['a client and a url', { client: {}, url: 'redis://h' }, 'client (option): expected either client or url'],
  [
    'a client of another library',
    { client: { get() {} } },
    'client (option): expected a client of ioredis or iovalkey',
  ],
  [
    'a url of another protocol',
    { url: 'https://s3cret-user:s3cret@h' },
    'url (option): expected a URL that begins with redis://',
  ],
  ['a url that cannot be parsed', { url: 's3cret-host' }, 'url (option): expected a URL'],
  ['an empty prefix', { url: 'redis://h', prefix: '' }, 'prefix (option): expected 1 to 100 visible ASCII characters'],
  ['a prefix with a space', { url: 'redis://h', prefix: 'a b' }, 'prefix (option)'],
  ['an invalid duration', { url: 'redis://h', timeout: 'soon', keepFor: 1 }, 'timeout (option): expected a duration'],
  ['a key that is too short', { url: 'redis://h', key: 's3cret' }, 'key (option): expected a key of 32 bytes'],
])('rejects %s without showing a secret', (_, options, message) => {
  let error: unknown;
  try {
    redisStore({ key: firstKey, ...(options as object) }); // as in plain JavaScript
  } catch (thrown) {
    error = thrown;
  }

  expect(isSecretError(error, 'ERR_CONFIGURATION') && error.message).toContain(message);
  expect(String(error).includes('s3cret')).toBe(false);
});
