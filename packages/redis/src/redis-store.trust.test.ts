import { inspect } from 'node:util';
import { createKeyring, createSecretClient } from '@kms-secrets/core';
import type { SecretStore } from '@kms-secrets/core';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { Redis } from 'ioredis';
import {
  connectTo,
  firstKey,
  fleet,
  messagesOf,
  openStore,
  stored,
  subscribers,
  subscribeTo,
  versionIn,
} from './fleet.fixture.ts';
import { redisOfTest } from './redis-server.fixture.ts';

test('does not trust a value that was copied to another prefix of the same key', async () => {
  const server = await redisOfTest();
  const admin = connectTo(server);
  const production = openStore(server, { prefix: 'production' });
  const staging = openStore(server, { prefix: 'staging' });
  await production.write({ name: 'db' }, stored());
  const [hash = ''] = await admin.keys('production:*');

  await admin.copy(hash, hash.replace('production', 'staging'));

  expect([await versionIn(production, 'db'), await versionIn(staging, 'db')]).toEqual(['v1', undefined]);
});

test('shows no key, password or value when it is inspected', async () => {
  const server = await redisOfTest('--requirepass', 's3cret-password');
  const store = openStore(server, { url: `redis://:s3cret-password@127.0.0.1:${server.port}` });
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const client = createSecretClient({ endpoints: [kms], stores: store });
  onTestFinished(() => client.close());
  await client.get('db');
  await client.close();

  const shown = inspect([store, client, client.describe()], { depth: 20, showHidden: true });

  expect(/s3cret/u.test(shown) || shown.includes(firstKey)).toBe(false);
});

test('a process with a wrong access key removes no entry and sends no message', async () => {
  const { server, admin, one, other } = await fleet();
  await one.write({ name: 'db' }, stored({ stages: ['ACSCurrent'], fetchedAt: Date.now() }));
  await other.emitted('written');
  const kms = new FakeTransport();
  kms.fail('identity');
  const client = createSecretClient({ endpoints: [kms], stores: openStore(server), retry: { maxAttempts: 1 } });
  onTestFinished(() => client.close());

  const refresh = await client.refresh('db').catch((error: unknown) => error);
  await client.close();
  // Sent over the same connection as later messages: what came before has arrived.
  await one.removeAll('marker');
  await other.emitted('removed');

  expect(refresh).toMatchObject({ code: 'ERR_IDENTITY_REJECTED' });
  expect(other.events.filter(({ kind }) => kind === 'removed')).toEqual([{ kind: 'removed', name: 'marker' }]);
  expect(await versionIn(other.store, 'db')).toBe('v1');
  expect(await admin.keys('*')).toHaveLength(1);
});

test('ignores a flood of forged messages and receives the real one', async () => {
  const { admin, one, other } = await fleet();
  for (let batch = 0; batch < 20; batch += 1) {
    const pipeline = admin.pipeline();
    for (let index = 0; index < 500; index += 1) pipeline.publish('kms-secrets:news', `forged ${batch} ${index}`);
    pipeline.publish('kms-secrets:news', 'x'.repeat(200_000));
    await pipeline.exec();
  }
  await one.removeAll('db');
  await other.emitted('removed');

  expect(other.events).toEqual([{ kind: 'removed', name: 'db' }]);
});

/** The key of the only hash, and its field. */
async function entryIn(admin: Redis): Promise<readonly [string, string]> {
  const [hash = ''] = await admin.keys('*');
  const [field = ''] = await admin.hkeys(hash);
  return [hash, field];
}

test.each<[string, (sealed: Buffer) => Buffer | string]>([
  ['replaced by garbage', () => 's3cret-garbage'],
  ['emptied', () => ''],
  ['changed in one bit', (sealed) => Buffer.from(sealed.with(40, (sealed[40] ?? 0) ^ 1))],
  ['dated later', (sealed) => Buffer.from(sealed.with(11, 255))],
  ['truncated', (sealed) => sealed.subarray(0, 60)],
])('drops and overwrites a value that was %s', async (_, tamper) => {
  const { admin, one, other } = await fleet();
  await one.write({ name: 'db' }, stored());
  const [hash, field] = await entryIn(admin);
  const sealed = await admin.hgetBuffer(hash, field);
  const tampered = tamper(sealed ?? Buffer.alloc(0));

  await admin.hset(hash, field, tampered);
  expect(await versionIn(other.store, 'db')).toBeUndefined();
  expect(await admin.hexists(hash, field)).toBe(0);

  await admin.hset(hash, field, tampered);
  await one.write({ name: 'db' }, stored({ versionId: 'v2' }));
  expect(await versionIn(other.store, 'db')).toBe('v2');
  expect(other.events.filter(({ kind }) => kind === 'dropped')).toEqual([
    {
      kind: 'dropped',
      name: 'db',
      reason: expect.stringMatching(/^the value in Redis (?:is|was|has) .+[^.]$/u) as string,
    },
  ]);
  expect(JSON.stringify(other.events).includes('s3cret')).toBe(false);
});

test('does not trust a value that was copied to another secret', async () => {
  const { admin, one, other } = await fleet();
  await one.write({ name: 'db' }, stored());
  const [hash, field] = await entryIn(admin);
  const sealed = (await admin.hgetBuffer(hash, field)) ?? '';
  await one.write({ name: 'api' }, stored());
  const [second = ''] = (await admin.keys('*')).filter((name) => name !== hash);
  const [secondField = ''] = await admin.hkeys(second);

  await admin.hset(second, secondField, sealed);

  expect([await versionIn(other.store, 'db'), await versionIn(other.store, 'api')]).toEqual(['v1', undefined]);
});

test('overwrites a value that is too long, and a key that is not a hash', async () => {
  const { admin, one } = await fleet();
  await one.write({ name: 'db' }, stored());
  const [hash, field] = await entryIn(admin);

  await admin.hset(hash, field, 'x'.repeat(2_000_000));
  expect(await versionIn(one, 'db')).toBeUndefined();
  await admin.set(hash, 'a text');
  expect(await versionIn(one, 'db')).toBeUndefined();
  await one.write({ name: 'db' }, stored());

  expect(await versionIn(one, 'db')).toBe('v1');
});

test('ignores messages that are forged, modified, replayed or too old', async () => {
  const clock = new FakeClock();
  const { server, admin, one, other } = await fleet({ clock });
  const seen = await messagesOf(server, 'kms-secrets:news');
  await one.removeAll('db');
  await other.emitted('removed');
  await expect.poll(() => seen.length).toBe(1);
  const [message = Buffer.alloc(0)] = seen;

  await admin.publish('kms-secrets:news', message);
  await admin.publish('kms-secrets:news', Buffer.from(message.with(40, (message[40] ?? 0) ^ 1)));
  await admin.publish('kms-secrets:news', JSON.stringify({ kind: 'removed', name: 'db' }));
  await admin.publish('kms-secrets:news', '');
  // A process that has not seen it can reject it only by its age.
  clock.setDate(clock.date() + 1_000_000);
  const late = subscribeTo(openStore(server, { clock }));
  await subscribers(admin, 3);
  await admin.publish('kms-secrets:news', message);
  await one.write({ name: 'db' }, stored());
  await Promise.all([other.emitted('written'), late.emitted('written')]);

  expect(other.events.map(({ kind }) => kind)).toEqual(['removed', 'written']);
  expect(late.events.map(({ kind }) => kind)).toEqual(['written']);
});

test('hears the next message after garbage and authentic messages of an unknown form', async () => {
  const { admin, one, other } = await fleet();
  const envelope = await createKeyring({ key: firstKey }).unlock('');
  const channel = 'kms-secrets:news';
  const seal = (text: string): Buffer => envelope.sealMessage({ text, timestamp: Date.now() }, `news on ${channel}`);

  for (const garbage of ['', 'garbage', 'x'.repeat(100_000)]) await admin.publish(channel, garbage);
  for (const text of ['', 's3cret-not-json', 'null', '[]', '{"from":1}', '{"from":"a","count":1,"message":{}}']) {
    await admin.publish(channel, seal(text));
  }
  await one.removeAll('db');
  await other.emitted('removed');

  expect(other.events).toEqual([
    {
      kind: 'dropped',
      name: undefined,
      reason: 'messages of an unknown form on the channel kms-secrets:news are ignored',
    },
    { kind: 'removed', name: 'db' },
  ]);
});

test('a lease of another form is held by another process, and is not released', async () => {
  const { admin, one } = await fleet();
  await one.lease?.({ name: 'db' }, 60_000);
  const [key = ''] = await admin.keys('*:lease:*');

  for (const make of [() => admin.hset(key, 'a', 'b'), () => admin.set(key, Buffer.alloc(1_000, 0xff))]) {
    await admin.del(key);
    const lease = await one.lease?.({ name: 'db' }, 60_000);
    await admin.del(key);
    await make();

    await lease?.release();
    expect(await one.lease?.({ name: 'db' }, 60_000)).toBeUndefined();
    expect(await admin.exists(key)).toBe(1);
  }
});

test('neither deletes nor overwrites an entry of a later format version', async () => {
  const { admin, one, other } = await fleet();
  await one.write({ name: 'db' }, stored());
  const [hash, field] = await entryIn(admin);
  const later = Buffer.from((await admin.hgetBuffer(hash, field))?.with(0, 2) ?? []);
  await admin.hset(hash, field, later);

  expect(await versionIn(other.store, 'db')).toBeUndefined();
  await other.store.write({ name: 'db' }, stored({ versionId: 'v2', fetchedAt: Date.now() }));
  expect(await versionIn(other.store, 'db')).toBeUndefined();

  expect((await admin.hgetBuffer(hash, field))?.equals(later)).toBe(true);
  expect(other.events.filter(({ kind }) => kind === 'dropped')).toEqual([
    {
      kind: 'dropped',
      name: undefined,
      reason: 'values of a later version of kms-secrets are ignored and kept',
    },
  ]);
});

/** An entry of `db` as a later release would write it, beside the entries of this one. */
async function laterEntry(admin: Redis, one: SecretStore): Promise<{ hash: string; field: string; bytes: Buffer }> {
  await one.write({ name: 'db' }, stored());
  const [hash, field] = await entryIn(admin);
  const entry = { hash, field: field.replace('.v1', '.v2'), bytes: Buffer.from('of a later release') };
  await admin.hset(hash, entry.field, entry.bytes);
  return entry;
}

test('keeps entries of a later release beside its own', async () => {
  const { admin, one } = await fleet();
  const { hash, field, bytes } = await laterEntry(admin, one);

  await one.write({ name: 'db' }, stored({ versionId: 'v2', fetchedAt: Date.now() }));

  expect(await versionIn(one, 'db')).toBe('v2');
  expect((await admin.hgetBuffer(hash, field))?.equals(bytes)).toBe(true);
});

test.each<[string, (store: SecretStore) => Promise<void>]>([
  ['a request', (store) => store.remove({ name: 'db' })],
  ['a secret', (store) => store.removeAll('db')],
])('the removal of %s removes the entries of all releases', async (_, remove) => {
  const { admin, one, other } = await fleet();
  const { hash, field } = await laterEntry(admin, one);
  await admin.hdel(hash, field.replace('.v2', '.v1'));

  await remove(one);
  await other.emitted('removed');

  expect(await admin.exists(hash)).toBe(0);
});

test('the removal of a request keeps the other requests of the secret', async () => {
  const { one } = await fleet();
  await one.write({ name: 'db' }, stored());
  await one.write({ name: 'db', versionId: 'v1' }, stored());

  await one.remove({ name: 'db', versionId: 'v1' });

  expect(await versionIn(one, 'db')).toBe('v1');
});

test('removes a refused secret whatever the format version of its entry is', async () => {
  const { admin, one } = await fleet();
  await one.write({ name: 'db' }, stored());
  const [hash, field] = await entryIn(admin);
  await admin.hset(hash, field, Buffer.from((await admin.hgetBuffer(hash, field))?.with(0, 2) ?? []));

  await one.removeAll('db');

  expect(await admin.exists(hash)).toBe(0);
});

test('hears a refusal and a rotation from a later version', async () => {
  const { admin, other } = await fleet();
  const envelope = await createKeyring({ key: firstKey }).unlock('');
  const later = { version: 2, from: 'a later version', name: 'db', entry: { format: 2 } };
  const send = (fields: object): Promise<number> => {
    const message = { text: JSON.stringify({ ...later, ...fields }), timestamp: Date.now() };
    return admin.publish('kms-secrets:news', envelope.sealMessage(message, 'news on kms-secrets:news'));
  };

  await send({ count: 1, refused: false, versionId: 'v2' });
  await send({ count: 2, refused: true });
  await other.emitted('removed');

  expect(other.events).toEqual([
    { kind: 'changed', name: 'db', versionId: 'v2' },
    { kind: 'removed', name: 'db' },
  ]);
});
