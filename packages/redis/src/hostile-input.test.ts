// Everything that another process, an operator or an attacker with the key can put into Redis. An unhandled rejection or an
// uncaught exception fails the test run.
import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { createKeyring, createSecretClient, isSecretError } from '@kms-secrets/core';
import type { Envelope } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { connectTo, firstKey, openStore, stored, subscribers, subscribeTo } from './fleet.fixture.ts';
import type { Subscribed } from './fleet.fixture.ts';
import { redisOfTest } from './redis-server.fixture.ts';
import type { RedisServer } from './redis-server.fixture.ts';

const channel = 'kms-secrets:news';
const deep = 100_000;
/** JSON that is hard to handle: nested deeply, huge, with names of Object.prototype, with numbers that are no JSON numbers. */
const bombs = [
  `${'['.repeat(deep)}${']'.repeat(deep)}`,
  `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
  '['.repeat(deep),
  JSON.stringify('x'.repeat(1_000_000)),
  '{"__proto__":{"name":"db","version":1,"refused":true}}',
  '{"constructor":{"prototype":{}},"toString":1,"hasOwnProperty":null}',
  '1e400',
  '-0',
  '"\\ud800"',
  '\u0000',
];

interface Subject {
  readonly server: RedisServer;
  readonly admin: Redis;
  readonly envelope: Envelope;
  readonly client: ReturnType<typeof createSecretClient>;
  readonly other: Subscribed;
}

/** A client with `db` in memory and in Redis, and a store that is subscribed to the same channel. */
async function setup(): Promise<Subject> {
  const server = await redisOfTest();
  const admin = connectTo(server);
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const client = createSecretClient({ endpoints: [kms], stores: openStore(server), ttl: '1h' });
  onTestFinished(() => client.close());
  await client.get('db');
  while (client.describe().stores[0]?.queued !== 0) await new Promise(setImmediate);
  const other = subscribeTo(openStore(server));
  await subscribers(admin, 2);
  return { server, admin, client, other, envelope: await createKeyring({ key: firstKey }).unlock('') };
}

/** An authentic entry with any text; follows docs/store-format.md. */
function sealEntry(
  text: string,
  { hash, field, version = 1 }: { hash: string; field: string; version?: number },
): Buffer {
  const key = Buffer.from(firstKey, 'hex');
  const derive = (purpose: string, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', key, '', `kms-secrets ${purpose} 1`, length));
  const header = Buffer.concat([Buffer.of(version, 1), derive('key id', 8), Buffer.alloc(8), randomBytes(12)]);
  header.writeDoubleBE(Date.now(), 10);
  const cipher = createCipheriv('aes-256-gcm', derive('seal', 32), header.subarray(18));
  const location = `${hash.split(':')[2]}${field.slice(0, 32)}`;
  cipher.setAAD(Buffer.concat([header, Buffer.from(`${location}kms-secrets`)]));
  return Buffer.concat([header, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** Texts of messages: bombs, any JSON, and the core of version 1 or another with any of its fields replaced. */
function messageTexts(): fc.Arbitrary<string> {
  const names = ['db', '', '__proto__', 'constructor', '\u0000db', 'x'.repeat(100_000), '\ud800'];
  const versions = [0, -1, 0.5, 1, 2, 255, Number.MAX_SAFE_INTEGER, 1e308, '1', null];
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom(...names), fc.constantFrom(...versions));
  const request = fc.record({ name: value, stage: value, versionId: value }, { requiredKeys: [] });
  const core = fc.record(
    {
      version: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(1, 2, 7) }, value),
      from: fc.oneof({ weight: 3, arbitrary: fc.base64String({ minLength: 8, maxLength: 16 }) }, value),
      count: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 1_000 }) }, value),
      name: fc.constantFrom(...names),
      refused: fc.oneof(fc.boolean(), value),
      versionId: value,
      request: fc.oneof(request, value),
      fetchedAt: value,
    },
    { requiredKeys: ['version', 'from', 'count', 'name', 'refused'] },
  );
  return fc.oneof(
    fc.constantFrom(...bombs),
    fc.json(),
    core.map((one) => JSON.stringify(one)),
  );
}

test('any message, authentic or not, ends no process and stops no later message', async () => {
  const { server, admin, client, envelope, other } = await setup();
  const sealed = fc
    .tuple(messageTexts(), fc.oneof(fc.constant(0), fc.double()))
    .map(([text, age]) => envelope.sealMessage({ text, timestamp: Date.now() - age }, `news on ${channel}`));
  const bytes = fc.oneof(
    { weight: 4, arbitrary: sealed },
    sealed.map((one) => Buffer.from(one.with(0, 2))),
    fc.uint8Array({ maxLength: 200 }).map((one) => Buffer.from(one)),
  );

  await fc.assert(
    fc.asyncProperty(bytes, async (one) => {
      await admin.publish(channel, one);
    }),
    { numRuns: 500 },
  );
  await openStore(server).removeAll('the last one');
  await other.emitted('removed');
  while (!other.events.some((event) => event.kind === 'removed' && event.name === 'the last one')) {
    await new Promise(setImmediate);
  }

  expect((await client.get('db')).versionId).toBe('v1');
  expect(other.events.filter(({ kind }) => kind === 'dropped').length).toBeLessThan(2);
}, 60_000);

test('any entry of Redis, authentic or not, is served validly or not at all', async () => {
  const { server, admin, envelope } = await setup();
  const [hash = ''] = await admin.keys('*');
  const [field = ''] = await admin.hkeys(hash);
  const content = fc.oneof(
    fc.record({
      request: fc.oneof(fc.constant(['db', 'ACSCurrent', null]), fc.jsonValue()),
      secret: fc.oneof(
        fc.jsonValue(),
        fc.record({ ...fieldsOf(stored()), stages: fc.oneof(fc.constant(['ACSCurrent']), fc.jsonValue()) }),
      ),
    }),
    fc.jsonValue(),
  );
  const text = fc.oneof(
    fc.constantFrom(...bombs),
    content.map((one) => JSON.stringify(one)),
    content.map((one) => `${JSON.stringify(one)}\ns3cret-other`),
    ...bombs.map((bomb) => fc.constant(`{"request":["db","ACSCurrent",null],"secret":${bomb}}\ns3cret-other`)),
  );
  const version = fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.integer({ min: 0, max: 255 }));
  const bytes = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(text, version).map(([one, v]) => sealEntry(one, { hash, field, version: v })) },
    fc.uint8Array({ maxLength: 200 }).map((one) => Buffer.from(one)),
  );
  expect(envelope.fieldOf({ requestHash: field.slice(0, 32) })).toBe(field);

  await fc.assert(
    fc.asyncProperty(bytes, async (one) => {
      await admin.del(hash);
      await admin.hset(hash, field, one);
      const kms = new FakeTransport();
      kms.put('db', 'v1');
      const client = createSecretClient({ endpoints: [kms], stores: openStore(server) });
      const found = await client.get('db').catch((error: unknown) => error);
      expect(isSecretError(found)).toBe(false);
      expect(found).toMatchObject({ name: 'db' });
      await client.close();
    }),
    { numRuns: 100 },
  );
}, 60_000);

/** Each field as it is, or any JSON value. */
function fieldsOf(secret: object): Record<string, fc.Arbitrary<unknown>> {
  return Object.fromEntries(
    Object.entries(secret).map(([name, value]) => [name, fc.oneof(fc.constant(value as unknown), fc.jsonValue())]),
  );
}

test('a key of Redis may have any type and any value', async () => {
  const { server, admin, envelope } = await setup();
  const request = { name: 'api', stage: 'ACSCurrent' };
  const [{ keyId, nameHash, requestHash }] = envelope.locations(request);
  const [hash, lease] = [`kms-secrets:${keyId}:${nameHash}`, `kms-secrets:lease:${keyId}:${requestHash}`];
  const value = fc.uint8Array({ maxLength: 100 }).map((one) => Buffer.from(one));
  const fill: Readonly<Record<string, (key: string, one: Buffer) => Promise<unknown>>> = {
    string: (key, one) => admin.set(key, one),
    list: (key, one) => admin.rpush(key, one),
    set: (key, one) => admin.sadd(key, one),
    zset: (key, one) => admin.zadd(key, 1, one),
    hash: (key, one) => admin.hset(key, one, one),
    stream: (key, one) => admin.xadd(key, '*', one, one),
  };

  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(hash, lease),
      fc.constantFrom(...Object.keys(fill)),
      value,
      async (key, type, one) => {
        await admin.del(hash, lease);
        await fill[type]?.(key, one);
        const store = openStore(server);
        expect(await store.read(request)).toBeUndefined();
        const held = await store.lease?.(request, 1_000);
        expect(held === undefined).toBe(key === lease);
        await held?.release();
        await store.write(request, stored());
        expect((await store.read(request))?.versionId).toBe('v1');
        await store.removeAll('api');
        await store.close();
      },
    ),
    { numRuns: 100 },
  );
}, 60_000);
