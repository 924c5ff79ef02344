import { FakeClock, FakeStore, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { SecretClient } from './client.ts';
import { createSecretClient } from '../create-client.ts';
import type { SecretClientOptions } from '../options/options.ts';
import type { Secret } from '../secret/secret.ts';
import type { StoredSecret } from '../ports/store.ts';
import type { SecretRequest } from '../secret/secret-request.ts';

const request: SecretRequest = { name: 'db', stage: 'ACSCurrent', versionId: undefined };
const hour = 3_600_000;

interface Setup {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
  readonly store: FakeStore;
  readonly told: string[];
}

function setup({
  clock = new FakeClock(),
  store = new FakeStore(),
  ...options
}: SecretClientOptions & Partial<Pick<Setup, 'clock' | 'store'>> = {}): Setup {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const client = createSecretClient({ endpoints: [kms], clock, retry: { maxAttempts: 1 }, stores: store, ...options });
  const told: string[] = [];
  client.on('store', ({ kind, operation = 'no operation', name = 'no secret' }) =>
    told.push(`${kind} ${operation} ${name}`),
  );
  return { client, clock, kms, store, told };
}

function stored(clock: FakeClock, fields: Partial<StoredSecret> & { readonly age?: number } = {}): StoredSecret {
  const { age = 0, ...rest } = fields;
  return {
    name: 'db',
    versionId: 'v0',
    stages: ['ACSCurrent'],
    type: 'Generic',
    dataType: 'text',
    value: 's3cret-stored',
    fetchedAt: clock.date() - age,
    ...rest,
  };
}

test('a secret that a store has fresh is served without asking KMS, and comes due in its time', async () => {
  const { client, clock, kms, store } = setup({ idleTtl: 0 });
  store.put(request, stored(clock, { age: hour / 2 }));

  expect(await client.get('db')).toMatchObject({ versionId: 'v0', stale: false });
  expect(kms.requests.length).toBe(0);
  expect(client.describe().secrets[0]?.age).toBe(hour / 2);
  await clock.pass(hour / 2);

  expect(client.peek('db')?.versionId).toBe('v1');
});

test('a secret that a store has old is asked of KMS first', async () => {
  const { client, clock, store } = setup();
  store.put(request, stored(clock, { age: 2 * hour }));

  expect(await client.get('db')).toMatchObject({ versionId: 'v1', stale: false });
});

test('with KMS away the old one that a store has is served, and said to be old', async () => {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const logger = { debug: log, info: log, warn: log, error: log };
  const { client, clock, kms, store } = setup({ retry: { maxAttempts: 5 }, logger });
  const stale: string[] = [];
  client.on('stale', ({ name, age }) => stale.push(`${name} ${age}`));
  store.put(request, stored(clock, { age: 2 * hour }));
  kms.fail('unreachable');

  expect(await client.get('db')).toMatchObject({ versionId: 'v0', stale: true });
  expect(clock.now()).toBe(0);
  expect(stale).toEqual([`db ${2 * hour}`]);
  expect(lines.some((line) => line.includes('Serving a stale value of "db" (age 2h)'))).toBe(true);
  await expect(client.ready()).resolves.toBeUndefined();
});

test('with KMS hanging the old one that a store has is served within staleDeadline', async () => {
  const { client, clock, kms, store } = setup();
  store.put(request, stored(clock, { age: 2 * hour }));
  kms.fail('hang');
  const reading = client.get('db');

  await clock.pass('1s');

  expect(await reading).toMatchObject({ versionId: 'v0', stale: true });
});

test('what is past its TTL and staleIfError is not served from a store either', async () => {
  const { client, clock, kms, store } = setup();
  store.put(request, stored(clock, { age: 26 * hour }));
  kms.fail('unreachable');

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
});

test('a managed secret that was to be rotated since it was stored is asked of KMS', async () => {
  const { client, clock, store } = setup();
  const rotation = { state: 'Enabled', interval: hour, lastAt: undefined, nextAt: clock.date() - 60_000 } as const;
  store.put(request, stored(clock, { age: hour / 2, rotation }));

  expect((await client.get('db')).versionId).toBe('v1');
});

test('stores are asked in the order given, until one has it fresh', async () => {
  const clock = new FakeClock();
  const [first, second, third] = [new FakeStore(), new FakeStore(), new FakeStore()];
  first.put(request, stored(clock, { age: 2 * hour, versionId: 'old' }));
  second.put(request, stored(clock, { versionId: 'new' }));
  const { client } = setup({ clock, stores: [first, second, third] });

  expect((await client.get('db')).versionId).toBe('new');
  expect(third.operations).not.toContain('read db');
  expect(client.stats()).toMatchObject({ storeHits: 1, storeMisses: 0 });
});

test('what one store has that another lacks is handed on', async () => {
  const clock = new FakeClock();
  const [file, redis] = [new FakeStore(), new FakeStore()];
  redis.put(request, stored(clock));
  const { client } = setup({ clock, stores: [file, redis] });

  await client.get('db');
  await clock.pass(0);

  expect(file.peek(request)).toMatchObject({ versionId: 'v0', fetchedAt: clock.date() });
  expect(redis.operations).toEqual(['read db']);
});

test('a read that waits for a store ends at once when the client is closed', async () => {
  const { client, clock, store, told } = setup();
  store.fail('hang');
  const reading = client.get('db').catch((error: unknown) => error);
  await clock.pass(0);

  const closing = client.close();

  expect(await reading).toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
  await clock.pass('1s');
  await closing;
  expect(told).toEqual([]);
});

test('what landed is written to every store, and no reader waits for it', async () => {
  const [one, other] = [new FakeStore(), new FakeStore()];
  one.fail('hang', 'write');
  const { client, clock } = setup({ stores: [one, other] });

  const secret = await client.get('db');
  await clock.pass(0);

  expect(secret.versionId).toBe('v1');
  expect(other.peek(request)).toMatchObject({ versionId: 'v1', fetchedAt: clock.date() });
  expect(client.stats()).toMatchObject({ storeHits: 0, storeMisses: 1 });
});

test('what a store is being told just now still waits for it', async () => {
  const { client, store } = setup();
  store.fail('hang', 'write');

  await client.get('db');

  await Promise.resolve();
  expect(client.describe().stores).toMatchObject([{ queued: 1 }]);
});

test('stores keep what KMS gave; the hook sees it anew when it is loaded', async () => {
  const clock = new FakeClock();
  const hook = { transform: (secret: Secret): Secret => secret.withText('s3cret-opened') };
  const { client, store } = setup({ clock, hook });
  await client.get('db');
  await clock.pass(0);
  const { client: next, kms } = setup({ clock, hook, store });

  const secret = await next.get('db');

  expect((store.peek(request) as StoredSecret).value === 's3cret-db-v1').toBe(true);
  expect(secret.text() === 's3cret-opened').toBe(true);
  expect(kms.requests.length).toBe(0);
});

test('an entry that a hook refuses is not served: KMS is asked', async () => {
  const clock = new FakeClock();
  const transform = (secret: Secret): Secret => {
    if (secret.versionId === 'v0') throw new Error('too old');
    return secret;
  };
  const { client, store } = setup({ clock, hook: { transform } });
  store.put(request, stored(clock));

  expect((await client.get('db')).versionId).toBe('v1');
});

test.each([
  ['denied', 'removeAll db'],
  ['disabled', 'removeAll db'],
  ['notFound', 'remove db'],
] as const)('a secret that KMS refuses (%s) is erased in every store', async (failure, operation) => {
  const [one, other] = [new FakeStore(), new FakeStore()];
  const { client, clock, kms } = setup({ stores: [one, other] });
  await client.get('db');
  await clock.pass(0);
  kms.fail(failure);

  await client.refresh('db').catch(() => {});
  await clock.pass(0);

  expect([one.size, other.size]).toEqual([0, 0]);
  expect(one.operations).toContain(operation);
});

test('a refusal erases a secret under every name that it was asked by', async () => {
  const arn = 'acs:kms:cn-hangzhou:1234567890123456:secret/db';
  const { client, clock, kms, store } = setup();
  kms.put(arn, 'v1', { name: 'db' });
  await client.get(arn);
  await client.get('db');
  await client.get('db', { stage: 'ACSPrevious' });
  await clock.pass(0);
  expect(store.size).toBe(3);
  kms.fail('denied');

  await client.refresh('db').catch(() => {});
  await clock.pass(0);

  expect(store.size).toBe(0);
});

test('what is invalidated is erased in every store', async () => {
  const { client, clock, store } = setup();
  await client.get('db');
  await clock.pass(0);

  void client.invalidate('db');
  await clock.pass(0);

  expect(store.size).toBe(0);
});

test('what was refused is not served from a store that was away when it was to be erased', async () => {
  const { client, clock, kms, store } = setup();
  await client.get('db');
  await clock.pass(0);
  store.fail('throw', 'remove', 'removeAll');
  kms.fail('denied');
  await client.refresh('db').catch(() => {});
  await clock.pass('20s');
  kms.fail('unreachable');

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  store.heal();
  await clock.pass('2m');

  expect(store.size).toBe(0);
});

test('what landed while a store was away is written when it is back, the newest alone', async () => {
  const { client, clock, kms, store, told } = setup();
  store.fail('throw');
  await client.get('db');
  kms.put('db', 'v2');
  await client.refresh('db');
  await clock.pass('10s');
  expect(client.describe().stores).toMatchObject([{ state: 'unavailable', queued: 1 }]);
  store.heal();
  store.operations.length = 0;

  await clock.pass('1m');

  expect(store.operations).toEqual(['write db']);
  expect(store.peek(request)).toMatchObject({ versionId: 'v2' });
  expect(told).toEqual(['failed read db', 'unavailable write db', 'recovered no operation no secret']);
  expect(client.describe().stores).toMatchObject([{ queued: 0 }]);
});

test('a store that hangs costs a first read storeTimeout at most, and a fresh one nothing', async () => {
  const { client, clock, store } = setup({ storeTimeout: '200ms' });
  store.fail('hang');
  const first = client.get('db');

  await clock.pass(199);
  expect(client.peek('db')).toBeUndefined();
  await clock.pass(1);

  expect((await first).versionId).toBe('v1');
  expect(client.peek('db')?.versionId).toBe('v1');
});

test('a store that keeps failing is left alone, so that it costs nobody its timeout', async () => {
  const { client, clock, kms, store, told } = setup();
  store.fail('hang', 'read');
  for (const name of ['a', 'b', 'c', 'd', 'e']) kms.put(name, 'v1');
  for (const name of ['a', 'b', 'c']) {
    const reading = client.get(name);
    await clock.pass(500);
    await reading;
  }

  expect((await client.get('d')).versionId).toBe('v1');
  expect(store.operations).not.toContain('read d');
  expect(store.peek({ ...request, name: 'd' })).toBeDefined();
  expect(told).toEqual(['failed read a', 'unavailable read c']);
  expect(client.stats().storeFailures).toBe(3);
  store.heal();
  await clock.pass('1s');
  await client.get('e');
  expect(store.operations).toContain('read e');
  expect(told.at(-1)).toBe('recovered no operation no secret');
});

const oddEntries: readonly (readonly [string, (clock: FakeClock) => unknown])[] = [
  ['another secret', (clock) => stored(clock, { name: 'other' })],
  ['a version without the stage asked for', (clock) => stored(clock, { stages: ['ACSPrevious'] })],
  ['a text', () => 's3cret-text'],
  ['a list', () => []],
  ['an object without fields', () => ({})],
  ['a value that is no text', (clock) => ({ ...stored(clock), value: 7 })],
  ['no version', (clock) => ({ ...stored(clock), versionId: '' })],
  ['a date that is none', (clock) => stored(clock, { fetchedAt: Number.NaN })],
  ['stages that are no list', (clock) => ({ ...stored(clock), stages: 'ACSCurrent' })],
  ['a kind of data that is none', (clock) => ({ ...stored(clock), dataType: 'json' })],
  ['a rotation that is none', (clock) => ({ ...stored(clock), rotation: { state: 'Enabled', nextAt: 'soon' } })],
  ['a configuration that is none', (clock) => ({ ...stored(clock), extendedConfig: [] })],
];

test.each(oddEntries)('an entry that is %s is dropped with an event, and never served', async (_what, make) => {
  const { client, clock, kms, store, told } = setup();
  store.put(request, make(clock));
  kms.fail('unreachable');

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  await clock.pass(0);

  expect(told).toEqual(['dropped read db']);
  expect(store.size).toBe(0);
});

test('an entry that is another version than was asked for is dropped', async () => {
  const { client, clock, store, told } = setup();
  store.put({ name: 'db', stage: undefined, versionId: 'v1' }, stored(clock));

  expect((await client.get('db', { versionId: 'v1' })).versionId).toBe('v1');
  expect(told).toEqual(['dropped read db']);
});

test('a version that was moved back at KMS replaces the one in the store', async () => {
  const { client, clock, kms, store } = setup();
  kms.put('db', 'v2');
  await client.get('db');
  await clock.pass('1s');
  kms.put('db', 'v1');

  await client.refresh('db');
  await clock.pass(0);

  expect(store.peek(request)).toMatchObject({ versionId: 'v1' });
});

test('an entry from times to come is old, and does not block what is fetched now', async () => {
  const { client, clock, store } = setup();
  store.put(request, stored(clock, { age: -hour, versionId: 'v9' }));

  expect((await client.get('db')).versionId).toBe('v1');
  await clock.pass(0);

  expect(store.peek(request)).toMatchObject({ versionId: 'v1', fetchedAt: clock.date() });
});

test('an entry from times to come is served as stale while KMS is away', async () => {
  const { client, clock, kms, store } = setup();
  store.put(request, stored(clock, { age: -hour }));
  kms.fail('unreachable');

  expect(await client.get('db')).toMatchObject({ versionId: 'v0', stale: true });
});

test('a calendar that is set back does not keep new versions out of the stores', async () => {
  const { client, clock, kms, store } = setup();
  await client.get('db');
  await clock.pass('1m');
  clock.setDate(clock.date() - hour);
  kms.put('db', 'v2');

  await client.refresh('db');
  await clock.pass(0);

  expect(store.peek(request)).toMatchObject({ versionId: 'v2', fetchedAt: clock.date() });
});

test('close writes what waits, and closes the stores', async () => {
  const { client, store } = setup();
  await client.get('db');

  await client.close();

  expect(store.peek(request)).toMatchObject({ versionId: 'v1' });
  expect(store.isClosed).toBe(true);
});

test('close waits for a store that hangs no longer than storeTimeout', async () => {
  const { client, clock, store } = setup({ storeTimeout: '100ms' });
  await client.get('db');
  store.fail('hang', 'write');
  await client.refresh('db');
  const closing = client.close();

  await clock.pass(200);
  await closing;

  expect(store.isClosed).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

test('refresh asks KMS, whatever the stores have', async () => {
  const { client, clock, kms, store } = setup();
  store.put(request, stored(clock));

  expect((await client.refresh('db')).versionId).toBe('v1');
  expect(kms.requests.length).toBe(1);
});

test('what is no store is refused with what a store has', () => {
  expect(() => createSecretClient({ stores: [{}] as never })).toThrow(
    /stores\[0\] .*a store: an object with read\(\)/u,
  );
});
