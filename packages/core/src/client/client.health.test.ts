import { FakeClock, FakeStore } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { hour, setUpClient } from './client.fixture.ts';
import type { ClientFixture, ClientFixtureOptions } from './client.fixture.ts';
import { isSecretClient } from './is-secret-client.ts';

const setUp = (options: ClientFixtureOptions = {}): ClientFixture =>
  setUpClient({ names: ['db', 'api', 'key'], retry: { maxAttempts: 1 }, ...options });

test('counts secrets by freshness while they age, recover and are dropped', async () => {
  const { client, clock, kms } = setUp();
  await client.getMany(['db', 'api', 'key']);
  const fresh = client.health().counts;
  kms.fail('unreachable');
  await clock.pass('2h');
  const stale = client.health().counts;
  kms.heal();
  await client.refresh('db');
  await client.invalidate('key');
  const recovered = client.health().counts;
  kms.fail('unreachable');
  clock.freeze('26h');
  const expired = client.health().counts;

  expect(fresh).toEqual({ fresh: 3, stale: 0, expired: 0, failing: 0, refused: 0, missing: 0 });
  expect(stale).toEqual({ fresh: 0, stale: 3, expired: 0, failing: 3, refused: 0, missing: 0 });
  expect(recovered).toEqual({ fresh: 1, stale: 1, expired: 0, failing: 1, refused: 0, missing: 0 });
  expect(expired).toMatchObject({ fresh: 0, stale: 0, expired: 2 });
});

test('does not count evicted secrets', async () => {
  const { client } = setUp({ limits: { maxEntries: 2 } });
  for (const name of ['db', 'api', 'key']) await client.get(name);

  expect(client.health().counts).toEqual({ fresh: 2, stale: 0, expired: 0, failing: 0, refused: 0, missing: 0 });
});

test('does not count a preloaded name that could never be read', async () => {
  const { client, kms } = setUp({ preload: ['db', 'gone'] });
  kms.fail('unreachable', 'gone');
  await client.get('db');
  await client.get('gone').catch(() => {});

  expect(client.health({ required: ['db', 'gone'] })).toMatchObject({
    status: 'failing',
    missing: ['gone'],
    counts: { fresh: 1, failing: 0 },
  });
});

test('a required name must be in memory in the default stage', async () => {
  const { client } = setUp();
  await client.get('db', { stage: 'ACSPrevious' }).catch(() => {});
  const before = client.health({ required: ['db'] });
  await client.get('db');

  expect([before.missing, client.health({ required: ['db'] }).missing]).toEqual([['db'], []]);
});

test('lists secrets only on request', async () => {
  const { client } = setUp();
  await client.get('db');

  expect(client.health()).not.toHaveProperty('secrets');
  expect(client.health({ details: true }).secrets).toEqual([
    { name: 'db', versionId: 'v1', freshness: 'fresh', age: 0 },
  ]);
});

test('statusOf() returns the status of one secret and counts as no read', async () => {
  const { client, clock } = setUp();
  await client.get('db');
  await clock.pass('5m');

  expect(client.statusOf('db')).toMatchObject({ name: 'db', versionId: 'v1', freshness: 'fresh', age: 300_000 });
  expect(client.statusOf('db')?.lastReadAgo).toBe(300_000);
  expect(client.statusOf('db', { stage: 'ACSPrevious' })).toBeUndefined();
  expect(client.statusOf('api')).toBeUndefined();
});

test('isClosed is true after close(), and health() is failing', async () => {
  const { client } = setUp();
  const before = client.isClosed;
  await client.close();

  expect([before, client.isClosed, client.health().status]).toEqual([false, true, 'failing']);
});

test('isSecretClient() recognizes a client by its methods', () => {
  const { client } = setUp();
  const methods = { get: () => {}, getMany: () => {}, peek: () => {}, close: () => {} };

  expect([client, methods].map(isSecretClient)).toEqual([true, true]);
  expect([undefined, null, 'db', {}, { endpoints: [] }, { getMany: true }].map(isSecretClient)).not.toContain(true);
});

test('lists a refused secret first, with its last failure, since when it is refused and its next fetch', async () => {
  const { client, clock, kms } = setUp({ preload: ['db'], ttl: '5m' });
  await client.getMany(['db', 'api']);
  kms.fail('denied', 'db');
  await clock.pass('6m');

  const [db, api] = client.describe().secrets;

  expect(db).toMatchObject({
    name: 'db',
    freshness: 'refused',
    versionId: 'v1',
    age: undefined,
    expiresIn: undefined,
    pinned: 1,
    lastFailure: { code: 'ERR_ACCESS_DENIED' },
  });
  expect(db?.lastFailure?.failingFor).toBeGreaterThan(60_000);
  expect(db?.lastFailure?.times).toBeGreaterThan(1);
  expect(db?.nextRefreshIn).toBeGreaterThan(0);
  expect(api).toMatchObject({ name: 'api', freshness: 'fresh' });
  expect(client.statusOf('db')?.freshness).toBe('refused');
});

test('lists a preloaded secret that was never fetched as missing, with the outage that prevents it', async () => {
  const { client, clock, kms } = setUp({ preload: ['db'] });
  const before = client.describe().secrets;
  kms.fail('unreachable');
  await client.get('db').catch(() => {});
  await clock.pass('1m');

  expect(before).toMatchObject([{ name: 'db', freshness: 'missing', lastFailure: undefined }]);
  const [after] = client.describe().secrets;
  expect(after).toMatchObject({ freshness: 'missing', lastFailure: { code: 'ERR_SECRET_UNAVAILABLE' } });
  expect(after?.lastFailure?.failingFor).toBe(60_000);
});

test.each(['denied', 'notFound', 'disabled'] as const)('is failing while a preloaded secret is %s', async (failure) => {
  const { client, clock, kms } = setUp({ preload: ['db', 'api'], ttl: '5m' });
  await client.ready();
  const before = client.health().status;
  kms.fail(failure, 'db');
  await clock.pass('6m');
  const refused = client.health();
  kms.put('db', 'v2');
  await clock.pass('11m');

  expect(before).toBe('ok');
  expect(refused).toMatchObject({ status: 'failing', missing: ['db'], counts: { fresh: 1, refused: 1, missing: 0 } });
  expect(refused.problems[0]).toMatchObject({ kind: 'missing', status: 'failing', count: 1, names: ['db'] });
  expect(refused.problems[0]?.since).toBeGreaterThan(60_000);
  expect(client.health()).toMatchObject({ status: 'ok', problems: [], counts: { refused: 0 } });
});

test('requires the names of client.preload() until it is disposed of, except optional ones', async () => {
  const { client, clock, kms } = setUp({ ttl: '5m' });
  const preload = await client.preload(['db', 'api'], { optional: ['api'] });
  kms.fail('denied');
  await clock.pass('6m');
  const refused = client.health();
  preload();

  expect(refused).toMatchObject({ status: 'failing', missing: ['db'] });
  expect(client.health()).toMatchObject({ status: 'degraded', missing: [] });
});

test('does not require a secret of the option preload that is optional', async () => {
  const { client, clock, kms } = setUp({ preload: ['db', 'api'], secrets: { api: { optional: true } } });
  kms.fail('notFound', 'api');
  const ready = client.ready();
  await clock.pass('10s');
  await ready;

  expect(client.health()).toMatchObject({ status: 'degraded', missing: [], counts: { refused: 1 } });
});

test('is degraded while a secret that was in use is refused, and forgets it when it is no longer requested', async () => {
  const { client, clock, kms } = setUp({ ttl: '5m' });
  await client.getMany(['db', 'api']);
  kms.fail('denied', 'db');
  await client.refresh('db').catch(() => {});
  const refused = client.health();
  await clock.pass('14m');
  await client.get('api');
  const later = client.health();
  await clock.pass('2m');

  expect(refused).toMatchObject({ status: 'degraded', missing: [], counts: { refused: 1 } });
  expect(refused.problems).toMatchObject([{ kind: 'refused', names: ['db'] }]);
  expect(later.problems).toMatchObject([{ kind: 'refused', since: 840_000 }]);
  expect(client.health().problems).toEqual([]);
});

test('a name that KMS refused and that was never in memory changes no health', async () => {
  const { client } = setUp();
  await client.get('db');
  await client.get('from-a-request').catch(() => {});

  expect(client.health()).toMatchObject({ status: 'ok', counts: { refused: 0, missing: 0 } });
  expect(client.describe().secrets.map(({ name }) => name)).toEqual(['db']);
});

test('a problem says since when it lasts and when the first value expires', async () => {
  const { client, clock, kms } = setUp({ ttl: '1h', staleIfError: '24h' });
  await client.get('db');
  kms.fail('unreachable');
  await clock.pass('2h');
  const early = client.health().problems.find(({ kind }) => kind === 'stale');
  await client.get('db');
  await clock.pass('21h');
  const late = client.health().problems.find(({ kind }) => kind === 'stale');

  expect(early).toMatchObject({ status: 'degraded', count: 1, expiresIn: 23 * hour });
  expect(early?.since).toBeGreaterThan(hour);
  expect(early?.since).toBeLessThan(1.2 * hour);
  expect(late).toMatchObject({ expiresIn: 2 * hour });
  expect(late?.since).toBeGreaterThan(22 * hour);
  expect(client.describe().secrets[0]).toMatchObject({ freshness: 'stale', expiresIn: 2 * hour });
});

test('shows the announced rotation, and is degraded when it was missed', async () => {
  const { client, clock, kms } = setUp({ ttl: '1h' });
  const nextAt = clock.date() + hour;
  kms.put('db', 'v1', { rotation: { state: 'Enabled', interval: hour, lastAt: undefined, nextAt } });
  await client.get('db');
  const before = client.describe().secrets[0]?.rotation;
  await clock.pass('74m');
  const late = client.health();
  await clock.pass('2m');
  const missed = client.health();

  expect(before).toEqual({ nextAt, isMissed: false });
  expect(late).toMatchObject({ status: 'ok', problems: [] });
  expect(missed).toMatchObject({ status: 'degraded', problems: [{ kind: 'rotation', names: ['db'], count: 1 }] });
  expect(missed.problems[0]?.since).toBeGreaterThanOrEqual(15 * 60_000);
  expect(client.describe().secrets[0]?.rotation?.isMissed).toBe(true);
});

test('is degraded while a store fails or has just dropped an entry', async () => {
  const clock = new FakeClock();
  const store = new FakeStore({ isShared: true, clock });
  const { client } = setUp({ clock, store });
  store.fail('throw', 'read');
  await client.get('db');
  await clock.pass('1m');
  const failing = client.health();
  store.heal();
  await client.get('api');
  const recovered = client.health();
  store.emit({ kind: 'dropped', name: 'db', reason: 'it is sealed with another key' });
  const dropped = client.health();
  await clock.pass('11m');

  expect(failing).toMatchObject({ status: 'degraded', stores: [{ state: 'failing', failingFor: 60_000 }] });
  expect(failing.problems).toMatchObject([{ kind: 'store', since: 60_000 }]);
  expect(recovered).toMatchObject({ status: 'ok', stores: [{ state: 'working', failingFor: undefined }] });
  expect(dropped.problems).toMatchObject([{ kind: 'store', since: 0 }]);
  expect(client.health().status).toBe('ok');
  expect(client.describe().stores).toMatchObject([{ dropped: 1 }]);
});

test('stats() counts the requests, their rate and the failures by kind', async () => {
  const { client, clock, kms } = setUp({ hasFallback: true });
  await client.get('db');
  kms.fail('throttled');
  await client.refresh('db');
  kms.fail('denied');
  await clock.pass('10s');
  await client.refresh('db').catch(() => {});

  const { requests, requestsPerSecond, failures } = client.stats();

  expect(failures).toMatchObject({ throttled: 1, denied: 1, unavailable: 0, identity: 0 });
  expect(requests).toBe(4);
  expect(requestsPerSecond).toBeCloseTo(0.4);
});

test('stats() counts each read of a fresh value once, through every method', async () => {
  const { client } = setUp({ ttl: '5m' });
  const handle = client.handle('db');
  const staged = client.handle('db', { stage: 'ACSPrevious' });
  await client.getMany(['db', 'api']);
  await staged.get();
  const counted: [string, number][] = [];
  const count = async (method: string, read: () => unknown): Promise<void> => {
    const before = client.stats().hits;
    await read();
    counted.push([method, client.stats().hits - before]);
  };

  await count('get', () => client.get('db'));
  await count('get of a stage', () => client.get('db', { stage: 'ACSPrevious' }));
  await count('getMany of two', () => client.getMany(['db', 'api']));
  await count('peek', () => client.peek('db'));
  await count('current', () => client.current('db'));
  await count('handle.current', () => handle.current);
  await count('handle.text', () => handle.text());
  await count('handle.get', () => handle.get());
  await count('a handle of a stage', () => staged.current);
  await count('statusOf', () => client.statusOf('db'));

  expect(counted).toEqual([
    ['get', 1],
    ['get of a stage', 1],
    ['getMany of two', 2],
    ['peek', 1],
    ['current', 1],
    ['handle.current', 1],
    ['handle.text', 1],
    ['handle.get', 1],
    ['a handle of a stage', 1],
    ['statusOf', 0],
  ]);
});

test('stats() counts each secret of getMany() as one read', async () => {
  const { client, clock, kms } = setUp({ ttl: '5m' });
  await client.getMany(['db', 'api']);
  const first = client.stats();
  await client.getMany(['db', 'api']);
  const second = client.stats();
  kms.fail('unreachable');
  await clock.pass('6m');
  await client.getMany(['db', 'api']);

  expect([first.hits, first.misses]).toEqual([0, 2]);
  expect([second.hits, second.misses]).toEqual([2, 2]);
  expect(client.stats()).toMatchObject({ hits: 2, misses: 2, staleReads: 2 });
});
