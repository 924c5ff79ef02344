import { isSecretError } from '@kms-secrets/core';
import type { SecretStore } from '@kms-secrets/core';
import { FakeClock } from '@kms-secrets/testing';
import { describeStore } from '@kms-secrets/testing/contracts';
import { Redis } from 'ioredis';
import { Redis as Valkey } from 'iovalkey';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { firstKey, fleet, heardBy, listenTo, open, secondKey, stored, stranger, versionIn } from './fleet.fixture.ts';
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
  ['a client of ioredis', (port) => ({ client: ownedByTest(new Redis(port)) })],
  ['a client of iovalkey', (port) => ({ client: ownedByTest(new Valkey(port)) })],
  ['a client with a prefix of its own', (port) => ({ client: ownedByTest(new Redis(port, { keyPrefix: 'app:' })) })],
  ['a URL', (port) => ({ url: `redis://127.0.0.1:${port}` })],
])('by %s', (_, options) => {
  describeStore('the Redis store', () => {
    prefixes += 1;
    return redisStore({ ...options(shared.port), key: firstKey, prefix: `test-${prefixes}` });
  });

  test('what one writes, leases and removes another hears of', async () => {
    prefixes += 1;
    const make = (): SecretStore => redisStore({ ...options(shared.port), key: firstKey, prefix: `test-${prefixes}` });
    const [one, other] = [make(), make()];
    onTestFinished(() => Promise.all([one.close(), other.close()]).then(() => {}));
    const { news, told } = listenTo(other);
    await heardBy(stranger(shared), 1, `test-${prefixes}`);

    const lease = await one.lease?.({ name: 'db' }, 60_000);
    const taken = await other.lease?.({ name: 'db' }, 60_000);
    await lease?.release();
    await one.write({ name: 'db' }, stored());
    await one.removeAll('db');
    await told('removed');

    expect([lease === undefined, taken]).toEqual([false, undefined]);
    expect(news).toEqual([
      { kind: 'written', request: { name: 'db' }, fetchedAt: 1_767_323_046_000 },
      { kind: 'removed', name: 'db' },
    ]);
  });
});

function ownedByTest<Client extends { disconnect(): void }>(client: Client): Client {
  onTestFinished(() => client.disconnect());
  return client;
}

test('Redis sees no name and no value, and keeps nothing for ever', async () => {
  const { admin, one } = await fleet();
  await one.write({ name: 'prod/db' }, stored({ name: 'prod/db' }));
  await one.lease?.({ name: 'prod/db' }, 60_000);

  const keys = await admin.keys('*');
  const [hash = ''] = keys.filter((key) => !key.includes(':lease:'));
  const seen = [...keys, JSON.stringify(await admin.hgetall(hash))].join('\n');
  const lives = await Promise.all(keys.map((key) => admin.pttl(key)));

  expect(keys).toHaveLength(2);
  expect(['prod', 's3cret', 'ACSCurrent'].map((text) => seen.includes(text))).toEqual([false, false, false]);
  expect(lives.every((life) => life > 0 && life <= 7 * 86_400_000)).toBe(true);
});

test('how long Redis keeps a secret can be set', async () => {
  const { admin, one } = await fleet({ keepFor: '2m' });
  await one.write({ name: 'db' }, stored());

  const [hash = ''] = await admin.keys('*');

  expect(await admin.pttl(hash)).toBeLessThanOrEqual(120_000);
});

test('of writes of many processes at the same time the newest answer stays', async () => {
  const { server, one } = await fleet();
  const stores = [one, ...Array.from({ length: 7 }, () => open(server))];

  await Promise.all(
    stores.flatMap((store, index) =>
      Array.from({ length: 20 }, (_, turn) => {
        const fetchedAt = ((turn * 7) % 20) * 8 + index;
        return store.write({ name: 'db' }, stored({ fetchedAt, versionId: `v${fetchedAt}` }));
      }),
    ),
  );

  expect(await versionIn(one, 'db')).toBe('v159');
});

test('an answer from an hour ahead, by a clock that was wrong, is replaced', async () => {
  const clock = new FakeClock();
  const { one } = await fleet({ clock });
  await one.write({ name: 'db' }, stored({ fetchedAt: clock.date() + 3_600_000, versionId: 'ahead' }));

  await one.write({ name: 'db' }, stored({ fetchedAt: clock.date(), versionId: 'now' }));

  expect(await versionIn(one, 'db')).toBe('now');
});

test('its own messages are not told back', async () => {
  const { admin, one, other } = await fleet();
  const self = listenTo(one);
  await heardBy(admin, 2);

  await one.write({ name: 'db' }, stored());
  await other.store.write({ name: 'api' }, stored());
  await self.told('written');

  expect(self.news).toEqual([{ kind: 'written', request: { name: 'api' }, fetchedAt: 1_767_323_046_000 }]);
});

test('a write that changes nothing is not told', async () => {
  const { one, other } = await fleet();
  await one.write({ name: 'db' }, stored());
  await one.write({ name: 'db' }, stored({ fetchedAt: 1 }));
  await one.write({ name: 'api' }, stored());

  await other.told('written', 2);

  expect(other.news.map((item) => item.kind === 'written' && item.request.name)).toEqual(['db', 'api']);
});

test('a lease runs out, and giving it back late takes nothing away from the next one', async () => {
  const { admin, one, other } = await fleet();
  const late = await one.lease?.({ name: 'db' }, 60_000);
  // As when it has run out.
  await admin.del(await admin.keys('*:lease:*'));

  const next = await other.store.lease?.({ name: 'db' }, 60_000);
  await late?.release();

  expect([next === undefined, await one.lease?.({ name: 'db' }, 60_000)]).toEqual([false, undefined]);
  const [lease = ''] = await admin.keys('*:lease:*');
  expect(await admin.pttl(lease)).toBeLessThanOrEqual(60_000);
});

test('a lease is on one request and no other', async () => {
  const { one } = await fleet();

  const leases = await Promise.all(
    [{ name: 'db' }, { name: 'db', stage: 'ACSPrevious' }, { name: 'api' }].map(async (request) =>
      one.lease?.(request, 1_000),
    ),
  );

  expect(leases.filter((lease) => lease !== undefined)).toHaveLength(3);
});

test('a new key reads what the old one sealed while it is in the list', async () => {
  const { server, one } = await fleet();
  await one.write({ name: 'db' }, stored());
  const rotating = open(server, { key: undefined, keys: [secondKey, firstKey] });

  expect(await versionIn(rotating, 'db')).toBe('v1');
  await rotating.write({ name: 'db' }, stored({ fetchedAt: 1_767_323_047_000, versionId: 'v2' }));

  expect(await versionIn(open(server, { key: secondKey }), 'db')).toBe('v2');
  await rotating.removeAll('db');
  expect([await versionIn(one, 'db'), await versionIn(rotating, 'db')]).toEqual([undefined, undefined]);
});

test('two fleets with different keys on one Redis do not meet', async () => {
  const { server, one, other } = await fleet();
  const theirs = open(server, { key: secondKey });
  await one.write({ name: 'db' }, stored());

  expect(await versionIn(theirs, 'db')).toBeUndefined();
  await theirs.write({ name: 'db' }, stored({ versionId: 'theirs' }));
  await theirs.removeAll('db');
  await one.write({ name: 'api' }, stored());
  await other.told('written', 2);

  expect(await versionIn(one, 'db')).toBe('v1');
  expect(other.news.map(({ kind }) => kind)).toEqual(['written', 'written']);
});

test('a passphrase opens what another process has sealed with it, under the same prefix', async () => {
  const { server, one } = await fleet({ key: undefined, passphrase: 's3cret-passphrase' });
  await one.write({ name: 'db' }, stored());

  expect(await versionIn(open(server, { key: undefined, passphrase: 's3cret-passphrase' }), 'db')).toBe('v1');
}, 30_000);

test('a client that was handed in stays open when the store is closed; one of its own leaves no connection', async () => {
  const server = await redisOfTest();
  const client = ownedByTest(new Redis(server.port));
  const [mine, own] = [listenTo(redisStore({ client, key: firstKey })), listenTo(open(server))];
  await Promise.all([mine.store.write({ name: 'a' }, stored()), own.store.write({ name: 'b' }, stored())]);

  await Promise.all([mine.store.close(), own.store.close()]);

  expect(await client.ping()).toBe('PONG');
  while (!/^id=\S+ [^\n]*\n?$/u.test(String(await client.client('LIST')))) continue;
});

test('no timer is left when it is closed', async () => {
  const clock = new FakeClock();
  const { one } = await fleet({ clock });
  await one.write({ name: 'db' }, stored());

  await one.close();

  expect(clock.pendingTimers).toBe(0);
});

test.each<[string, unknown, string]>([
  ['no client', {}, 'client (option): expected either a client or a url'],
  ['a client and a url', { client: {}, url: 'redis://h' }, 'client (option): expected either a client or a url'],
  ['a client of something else', { client: { get() {} } }, 'client (option): expected a client of ioredis or iovalkey'],
  [
    'a url of something else',
    { url: 'https://s3cret-user:s3cret@h' },
    'url (option): expected a URL that begins with redis://',
  ],
  ['a url that is none', { url: 's3cret-host' }, 'url (option): expected a URL'],
  ['an empty prefix', { url: 'redis://h', prefix: '' }, 'prefix (option): expected a text of 1 to 100 visible'],
  ['a prefix with blanks', { url: 'redis://h', prefix: 'a b' }, 'prefix (option)'],
  [
    'a wrong length of time',
    { url: 'redis://h', timeout: 'soon', keepFor: 1 },
    'timeout (option): expected a duration',
  ],
  ['a key that is too short', { url: 'redis://h', key: 's3cret' }, 'key (option): expected a key of 32 bytes'],
])('%s is refused in words that show nothing', (_, options, words) => {
  let error: unknown;
  try {
    redisStore({ key: firstKey, ...(options as object) }); // what a user of plain JavaScript writes
  } catch (thrown) {
    error = thrown;
  }

  expect(isSecretError(error, 'ERR_CONFIGURATION') && error.message).toContain(words);
  expect(String(error).includes('s3cret')).toBe(false);
});
