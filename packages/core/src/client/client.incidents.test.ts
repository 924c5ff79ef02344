// What an operator sees in each incident of docs/operations.md, before the first read fails.

import { FakeClock, FakeStore } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { hour, setUpClient, startKms } from './client.fixture.ts';
import type { ClientFixture, ClientFixtureOptions } from './client.fixture.ts';
import { errorLink } from '../secret/error-link.fixture.ts';

const day = 24 * hour;

/** A client that has read `db` and `api`, with a TTL of five minutes. */
async function setUp(options: ClientFixtureOptions = {}): Promise<ClientFixture> {
  const fixture = setUpClient({ names: ['db', 'api'], ttl: '5m', retry: { maxAttempts: 1 }, ...options });
  await fixture.client.getMany(['db', 'api']);
  return fixture;
}

/** What is wrong according to health, and the log lines of a level. */
function seen({ client, lines }: ClientFixture, level: 'warn' | 'error') {
  const { status, problems } = client.health();
  return { status, kinds: problems.map(({ kind }) => kind), log: lines.filter((line) => line.startsWith(level)) };
}

test('KMS is down: endpoint and refresh failures, then stale values with their expiry', async () => {
  const fixture = await setUp();
  const { client, clock, kms, events } = fixture;
  kms.fail('unreachable');
  await clock.pass('6m');
  const secret = await client.get('db');

  expect(secret.stale).toBe(true);
  expect(seen(fixture, 'warn')).toMatchObject({ status: 'degraded', kinds: ['stale', 'refresh', 'endpoint'] });
  expect(seen(fixture, 'warn').log).toContainEqual(expect.stringContaining('Endpoint kms.example is failing'));
  expect(seen(fixture, 'warn').log).toContainEqual(expect.stringMatching(/Secret "db" .*could not be fetched/u));
  expect(seen(fixture, 'warn').log).toContainEqual(expect.stringContaining('Serving a stale value of "db"'));
  expect(client.health().problems[0]?.expiresIn).toBeGreaterThan(23 * hour);
  expect([events('endpoint'), events('stale')]).toMatchObject([[{ state: 'failing' }], [{ name: 'db' }]]);
  expect(events('failed')).toContainEqual(expect.objectContaining({ name: 'db' }));
  expect(client.stats().failures.unreachable).toBeGreaterThan(0);
  expect(client.stats().staleReads).toBe(1);
});

test('KMS is back: every recovery is logged at level info', async () => {
  const store = new FakeStore();
  const fixture = await setUp({ store });
  const { clock, kms, lines } = fixture;
  store.fail('throw');
  await clock.pass('6m');
  kms.fail('unreachable');
  await clock.pass('6m');
  const before = lines.length;
  kms.heal();
  store.heal();
  await clock.pass('5m');
  const recovery = lines.slice(before).filter((line) => !line.startsWith('debug'));

  expect(recovery).toEqual(
    expect.arrayContaining([
      'info Endpoint kms.example has recovered.',
      'info Endpoint kms.example: circuit breaker closed.',
      expect.stringMatching(/^info Secret "(?:db|api)" could be fetched again, after/u),
      'info fake store has recovered.',
    ]),
  );
  expect(recovery.filter((line) => !line.startsWith('info '))).toEqual([]);
});

test('KMS throttles: the failure of the endpoint is throttled, with its own request rate', async () => {
  const fixture = await setUp();
  const { client, clock, kms, events } = fixture;
  kms.fail('throttled');
  await clock.pass('295s');

  expect(seen(fixture, 'warn')).toMatchObject({ status: 'degraded', kinds: ['refresh', 'endpoint'] });
  expect(seen(fixture, 'warn').log).toContainEqual(expect.stringContaining('Endpoint kms.example is failing'));
  expect(events('endpoint')).toMatchObject([{ state: 'failing', failure: 'throttled' }]);
  expect(client.describe().endpoints[0]).toMatchObject({ lastFailure: { failure: 'throttled' }, breaker: 'closed' });
  expect(client.stats().failures.throttled).toBeGreaterThan(0);
  expect(client.stats().requestsPerSecond).toBeGreaterThan(0);
});

test('one region is down: its endpoint fails, and every secret stays fresh', async () => {
  const fixture = await setUp({ hasFallback: true });
  const { client, clock, kms, events } = fixture;
  for (const name of ['db', 'api']) client.pin(name);
  kms.fail('unreachable');
  await clock.pass('30m');

  expect(seen(fixture, 'warn')).toMatchObject({ status: 'degraded', kinds: ['endpoint'] });
  expect(client.health()).toMatchObject({ counts: { fresh: 2, stale: 0 }, problems: [{ names: ['kms.example'] }] });
  expect(client.health().problems[0]?.since).toBeGreaterThan(0);
  expect(events('endpoint')).toMatchObject([{ endpoint: 'kms.example', state: 'failing' }]);
  expect(client.stats()).toMatchObject({ failedFetches: 0, staleReads: 0 });
  expect(seen(fixture, 'warn').log).toEqual([
    expect.stringContaining('Endpoint kms.example is failing'),
    expect.stringContaining('Endpoint kms.example: circuit breaker open'),
  ]);
  expect(events('breaker')[0]).toMatchObject({ endpoint: 'kms.example', state: 'open' });
  expect(client.stats().failures.unreachable).toBeGreaterThan(0);
  expect(client.stats().probes).toBeGreaterThan(0);
});

test.each([
  ['denied', 'ERR_ACCESS_DENIED'],
  ['notFound', 'ERR_SECRET_NOT_FOUND'],
] as const)('a secret is %s: it is dropped, and listed as refused', async (failure, code) => {
  const fixture = await setUp();
  const { client, clock, kms, events } = fixture;
  kms.fail(failure, 'db');
  await clock.pass('5m');

  expect(seen(fixture, 'warn')).toMatchObject({
    status: 'degraded',
    kinds: ['refused'],
    log: ['warn Dropped secret "db": KMS refused it.'],
  });
  expect(events('dropped')).toMatchObject([{ name: 'db', reason: 'refused', error: { code } }]);
  expect(client.describe().secrets[0]).toMatchObject({ name: 'db', freshness: 'refused', lastFailure: { code } });
  expect(events('failed')).toMatchObject([{ name: 'db', error: { code } }]);
  expect(client.stats().failures[failure]).toBe(1);
  expect(client.health({ required: ['db'] })).toMatchObject({
    status: 'failing',
    problems: [{ kind: 'missing', names: ['db'] }, {}],
  });
});

test('the credentials are rejected: one error line, and stale values', async () => {
  const fixture = await setUp();
  const { client, clock, kms, events } = fixture;
  kms.fail('identity');
  await clock.pass('6m');

  expect(seen(fixture, 'error')).toMatchObject({
    status: 'degraded',
    log: [expect.stringContaining('The identity of this client is rejected')],
  });
  expect(client.health().problems[0]).toMatchObject({ kind: 'identity', expiresIn: expect.any(Number) as number });
  expect(events('identity')).toMatchObject([{ state: 'rejected' }]);
  expect(client.stats().failures.identity).toBeGreaterThan(0);
  expect((await client.get('db')).stale).toBe(true);
});

test('Redis is unavailable: the store fails, and every secret stays fresh', async () => {
  const store = new FakeStore();
  const fixture = await setUp({ store });
  const { client, clock, events } = fixture;
  store.fail('throw');
  await clock.pass('15m');

  expect(seen(fixture, 'warn')).toMatchObject({ status: 'degraded', kinds: ['store'] });
  expect(seen(fixture, 'warn').log).toEqual([
    expect.stringContaining('fake store failed to'),
    expect.stringContaining('fake store failed to'),
  ]);
  expect(client.health().stores).toMatchObject([{ state: 'unavailable' }]);
  expect(events('store')).toMatchObject([{ kind: 'failed' }, { kind: 'unavailable' }]);
  expect(client.stats().storeFailures).toBeGreaterThan(0);
  expect(client.health().counts).toMatchObject({ fresh: 2 });
});

test('a store cannot be written: the store fails, although it can be read', async () => {
  const store = new FakeStore();
  const fixture = await setUp({ store });
  const { client, clock, events } = fixture;
  store.fail('throw', 'write');
  await clock.pass('6m');

  expect(seen(fixture, 'warn')).toMatchObject({ status: 'degraded', kinds: ['store'] });
  expect(events('store')[0]).toMatchObject({ kind: 'failed', operation: 'write' });
  expect(client.describe().stores[0]?.queued).toBeGreaterThan(0);
  expect(seen(fixture, 'warn').log[0]).toContain('fake store failed to write secret');
  expect(client.stats().storeFailures).toBeGreaterThan(0);
});

test('the clock is wrong: KMS rejects the date, and the rejection has its code', async () => {
  const server = await startKms({ db: 's3cret-db' });
  const { endpoint } = server.endpoint('cn-hangzhou');
  const clock = new FakeClock({ date: Date.now() });
  const fixture = setUpClient({
    clock,
    credentials: server.accessKey,
    endpoints: [{ endpoint, caFilePath: server.caFilePath }],
    retry: { maxAttempts: 1 },
  });
  const { client, events } = fixture;
  await client.get('db');
  clock.setDate(Date.now() + hour);
  const refused = await client.refresh('db').catch((error: unknown) => error);

  expect(refused).toMatchObject({ code: 'ERR_IDENTITY_REJECTED' });
  expect(seen(fixture, 'error').log).toEqual([
    expect.stringMatching(/^error The identity of this client is rejected: .*clock/u),
  ]);
  expect(events('identity')).toMatchObject([{ state: 'rejected', code: 'InvalidTimeStamp.Expired' }]);
  expect(client.describe().identity.rejection?.code).toBe('InvalidTimeStamp.Expired');
  expect(seen(fixture, 'error')).toMatchObject({ status: 'degraded', kinds: expect.arrayContaining(['identity']) });
  expect(client.stats().failures.identity).toBeGreaterThan(0);
  await client.close();
});

test('a rotation is missed: one log line and event, and health names the secret and the date', async () => {
  const clock = new FakeClock();
  const fixture = setUpClient({ names: ['db'], clock, ttl: '1h' });
  const { client, kms, events, lines } = fixture;
  const nextAt = clock.date() + day;
  kms.put('db', 'v1', { rotation: { state: 'Enabled', interval: day, lastAt: undefined, nextAt } });
  const unsubscribe = client.on('rotated', () => {}, { name: 'db' });
  await client.get('db');
  await clock.pass(day + hour / 2);
  unsubscribe();

  expect(client.health().problems).toMatchObject([{ kind: 'rotation', names: ['db'], since: hour / 2 }]);
  expect(client.describe().secrets[0]?.rotation).toEqual({ nextAt, isMissed: true });
  expect(client.stats().rotations).toBe(0);
  expect(events('rotationMissed')).toMatchObject([{ name: 'db', versionId: 'v1', nextAt }]);
  expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
    expect.stringContaining('KMS has not rotated secret "db", which it announced for 2026-01-03T03:04:05.000Z.'),
  ]);
});

test('a rotation that was missed and comes later is announced again', async () => {
  const fixture = setUpClient({ names: ['db'], ttl: '1h' });
  const { client, clock, kms, events } = fixture;
  const announce = (version: string, nextAt: number): void =>
    kms.put('db', version, { rotation: { state: 'Enabled', interval: day, lastAt: undefined, nextAt } });
  announce('v1', clock.date() + hour);
  client.pin('db');
  await client.get('db');
  await clock.pass('3h');
  announce('v2', clock.date() + hour);
  await clock.pass('1h');
  const healthy = client.health().status;
  await clock.pass('2h');

  expect(healthy).toBe('ok');
  expect(events('rotated')).toMatchObject([{ versionId: 'v2' }]);
  expect(events('rotationMissed').map(({ versionId }) => versionId)).toEqual(['v1', 'v2']);
});

test('the key of a store is wrong: one log line and event with both keys, and health names the store', async () => {
  const store = new FakeStore({ isShared: true });
  const fixture = await setUp({ store });
  const { client, clock, events, lines } = fixture;
  const reason = 'other processes use the prefix my-app with the key 1965b9144a848d44, which this one does not have';
  store.emit({ kind: 'foreignKeys', keyIds: ['1965b9144a848d44'], reason });
  store.emit({ kind: 'foreignKeys', keyIds: ['1965b9144a848d44', '36a77759e51b1e14'], reason });
  await clock.pass('20m');

  const line = `fake store: ${reason}.`;
  const message = `${line} ${errorLink('ERR_STORE')}`;
  expect(seen(fixture, 'warn')).toEqual({ status: 'degraded', kinds: ['store'], log: [`warn ${message}`] });
  expect(client.health().problems).toMatchObject([{ names: ['fake store'], since: 20 * 60_000 }]);
  expect(client.describe().stores).toMatchObject([
    { foreignKeys: { keyIds: ['1965b9144a848d44', '36a77759e51b1e14'], message: line, ago: 20 * 60_000 } },
  ]);
  expect(events('store')).toMatchObject([{ kind: 'foreignKeys', error: { code: 'ERR_STORE', message } }]);

  expect(client.stats().storeFailures).toBe(0);
  store.emit({ kind: 'foreignKeys', keyIds: [], reason: '' });
  expect([client.health().status, client.describe().stores[0]?.foreignKeys]).toEqual(['ok', undefined]);
  expect(events('store')[1]).toMatchObject({ kind: 'foreignKeys', error: undefined });
  expect(lines.at(-1)).toBe('info fake store is no longer in use with foreign keys.');
});
