import { expect, test } from 'vitest';
import { setUpClient } from './client.fixture.ts';
import type { ClientFixture, ClientFixtureOptions } from './client.fixture.ts';
import type { SecretClient } from './client.ts';

/** The versions that a listener of `db` sees. */
type Subscriber = readonly [name: string, subscribe: (client: SecretClient, see: (versionId: string) => void) => void];

const subscribers: readonly Subscriber[] = [
  [
    'a listener of the name',
    (client, see) => void client.on('rotated', ({ versionId }) => see(String(versionId)), { name: 'db' }),
  ],
  [
    'a handle and its listener',
    (client, see) => void client.handle('db').onRotate(({ versionId }) => see(String(versionId))),
  ],
  [
    'a handle and a listener of all names',
    (client, see) => {
      client.handle('db');
      client.on('rotated', ({ versionId }) => see(String(versionId)));
    },
  ],
  [
    'a preload and a listener of all names',
    (client, see) => {
      void client.preload(['db']);
      client.on('rotated', ({ versionId }) => see(String(versionId)));
    },
  ],
];

/** A client that has read `db`, and what the subscriber saw. */
async function setUp(
  [, subscribe]: Subscriber,
  options: ClientFixtureOptions = {},
): Promise<ClientFixture & { readonly seen: readonly string[] }> {
  const fixture = setUpClient({ ttl: '1h', retry: { maxAttempts: 1 }, names: ['db', 'other'], ...options });
  const seen: string[] = [];
  await fixture.client.get('db');
  subscribe(fixture.client, (versionId) => seen.push(versionId));
  return { ...fixture, seen };
}

test.each(subscribers)('sees each rotation of a day without reads: %s', async (...subscriber) => {
  const { client, clock, kms, seen } = await setUp(subscriber);
  const rotated: string[] = [];

  for (let hour = 2; hour <= 24; hour += 1) {
    kms.put('db', `v${hour}`);
    rotated.push(`v${hour}`);
    await clock.pass('1h');
  }

  expect(seen).toEqual(rotated);
  expect(client.statusOf('db')?.freshness).toBe('fresh');
});

test.each(subscribers)('sees a rotation across a denial: %s', async (...subscriber) => {
  const { client, clock, kms, seen } = await setUp(subscriber);
  kms.fail('denied', 'db');
  await client.refresh('db').catch(() => {});
  await clock.pass('2h');
  kms.put('db', 'v2');

  await clock.pass('1m');

  expect(seen).toEqual(['v2']);
});

test.each(subscribers)('sees a rotation across an invalidation: %s', async (...subscriber) => {
  const { client, clock, kms, seen } = await setUp(subscriber);
  kms.put('db', 'v2');

  void client.invalidate('db');
  await clock.pass('2s');

  expect(seen).toEqual(['v2']);
});

test.each(subscribers)('sees a rotation across an outage longer than staleIfError: %s', async (...subscriber) => {
  const { client, clock, kms, seen } = await setUp(subscriber, { staleIfError: '2h' });
  kms.fail('unreachable');
  await clock.pass('4h');
  expect(client.statusOf('db')?.freshness).toBe('missing');
  kms.heal();
  kms.put('db', 'v2');

  await clock.pass('1m');

  expect(seen).toEqual(['v2']);
});

test('sees a rotation although an invalidation forgot the fetch of a missing secret', async () => {
  const { client, clock, kms } = setUpClient();
  const seen: string[] = [];
  await client.get('db');
  client.on('rotated', ({ versionId }) => seen.push(String(versionId)), { name: 'db' });
  kms.put('db', 'v2');
  kms.fail('hang');
  void client.invalidate('db');
  await clock.pass('2s');

  void client.invalidate('db');
  kms.heal();
  kms.put('db', 'v2');
  await clock.pass('2s');

  expect(seen).toEqual(['v2']);
});

test('a secret that is evicted and read again in another version is a rotation', async () => {
  const { client, events, kms } = setUpClient({ limits: { maxEntries: 1 }, names: ['db', 'other'] });
  await client.get('db');
  await client.get('other');
  kms.put('db', 'v2');

  await client.get('db');

  expect(events('dropped')).toMatchObject([{ reason: 'evicted' }, { reason: 'evicted' }]);
  expect(events('rotated')).toMatchObject([{ name: 'db', versionId: 'v2', previousVersionId: 'v1' }]);
  expect(events('refreshed')).toEqual([]);
});

test('a secret that returns in the same version is no rotation', async () => {
  const { client, clock, events } = setUpClient();
  await client.get('db');
  client.handle('db');

  void client.invalidate('db');
  await clock.pass('2s');

  expect(client.peek('db')?.versionId).toBe('v1');
  expect(events('rotated')).toEqual([]);
});

test('a pinned secret is evicted last, and is fetched again after its TTL', async () => {
  const { client, clock, events, kms } = setUpClient({ ttl: '1h', limits: { maxEntries: 1 }, names: ['a', 'b', 'c'] });
  await client.get('a');
  client.pin('a');
  await client.get('b');
  await client.get('c');
  expect(client.peek('a')).toBeUndefined();
  kms.put('a', 'v2');

  await clock.pass('61m');

  expect(events('rotated')).toMatchObject([{ name: 'a', versionId: 'v2' }]);
});

test('a listener of a name receives the events of its own secret and stage', async () => {
  const { client, kms } = setUpClient({ names: ['db', 'other'] });
  const received: string[] = [];
  client.on('refreshed', ({ name, stage }) => received.push(`${name} ${stage}`), { name: 'db', stage: 'ACSPrevious' });
  for (const name of ['db', 'other']) {
    await client.getMany({ current: name, previous: { name, stage: 'ACSPrevious' } });
    kms.put(name, 'v2');
    await client.refresh(name);
    await client.refresh(name, { stage: 'ACSPrevious' });
  }

  expect(received).toEqual(['db ACSPrevious']);
});

test('a listener of a name fetches a secret that is not in memory', async () => {
  const { client, clock, kms } = setUpClient();
  client.on('rotated', () => {}, { name: 'db' });

  await clock.pass('2s');

  expect(client.peek('db')?.versionId).toBe('v1');
  expect(kms.requests).toHaveLength(1);
});

test('a handle sends no request before the first read', async () => {
  const { client, clock, kms } = setUpClient();
  const handle = client.handle('db');
  void client.invalidate('db');

  await clock.pass('24h');

  expect(kms.requests).toEqual([]);
  expect(client.health().status).toBe('ok');
  await handle.get();
  await clock.pass('24h');
  expect(client.peek('db')?.versionId).toBe('v1');
});

test.each([
  ['dispose()', (client: SecretClient): unknown => client.handle('db').dispose()],
  ['a listener that is removed', (client: SecretClient): unknown => client.on('rotated', () => {}, { name: 'db' })()],
  ['once()', (client: SecretClient): unknown => client.once('refreshed', () => {}, { name: 'db' })],
  [
    'a signal that has aborted',
    (client: SecretClient): unknown =>
      client.on('rotated', () => {}, { name: 'db', signal: AbortSignal.abort(new Error('stop')) }),
  ],
  [
    'a signal that aborts',
    (client: SecretClient): unknown => {
      const controller = new AbortController();
      client.on('rotated', () => {}, { name: 'db', signal: controller.signal });
      return controller.abort(new Error('stop'));
    },
  ],
  [
    'a pin that is released twice',
    (client: SecretClient): unknown => {
      const release = client.pin('db');
      client.handle('db').dispose();
      return [release(), release()];
    },
  ],
])('the secret is idle again after %s', async (_end, subscribe) => {
  const { client, clock, events } = setUpClient({ ttl: '1h' });
  await client.get('db');

  subscribe(client);
  await client.refresh('db');
  await clock.pass('12h');

  expect(events('dropped')).toMatchObject([{ name: 'db', reason: 'idle' }]);
  expect(client.stats().pinned).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

test('disposing of a handle twice does not end another subscription', () => {
  const { client } = setUpClient();
  const handle = client.handle('db');
  const other = client.handle('db');

  handle.dispose();
  handle.dispose();

  expect(client.stats().pinned).toBe(1);
  other.dispose();
  expect(client.stats().pinned).toBe(0);
});

test('removing the last subscription of a refused secret ends its requests', async () => {
  const { client, clock, kms } = setUpClient();
  await client.get('db');
  const handle = client.handle('db');
  kms.fail('denied');
  await client.refresh('db').catch(() => {});

  handle.dispose();
  const { length } = kms.requests;
  await clock.pass('1h');

  expect(kms.requests).toHaveLength(length);
  expect(clock.pendingTimers).toBe(0);
});

test('a handle of a secret that became idle during an outage refreshes it', async () => {
  const { client, clock, kms } = setUpClient({ ttl: '1h', retry: { maxAttempts: 1 } });
  await client.get('db');
  kms.fail('unreachable');
  await clock.pass('10h');
  kms.heal();
  kms.put('db', 'v2');

  client.handle('db');
  await clock.pass('1s');

  expect(client.peek('db')).toMatchObject({ versionId: 'v2', stale: false });
});

test('describe() and stats() show the pins', async () => {
  const { client } = setUpClient({ preload: ['other'], names: ['db', 'other'] });
  await client.ready();
  await client.get('db');
  client.handle('db');
  client.on('rotated', () => {}, { name: 'db' });
  client.handle('unread');

  expect(client.describe().secrets).toMatchObject([
    { name: 'unread', pinned: 1, freshness: 'missing' },
    { name: 'other', pinned: 1 },
    { name: 'db', pinned: 2 },
  ]);
  expect(client.stats().pinned).toBe(3);
});

test('the number of pinned secrets is bounded, with one warning', async () => {
  const { client, clock, lines } = setUpClient({
    ttl: '1h',
    limits: { maxPinned: 2 },
    preload: ['a'],
    names: ['a', 'b', 'c', 'd', 'e'],
  });
  await client.getMany(['a', 'b', 'c', 'd', 'e']);
  const handles = ['a', 'b', 'c', 'd', 'e', 'b'].map((name) => client.handle(name));

  await clock.pass('12h');

  expect(client.describe().secrets.map(({ name, pinned }) => `${name} ${pinned}`)).toEqual(['a 2', 'b 2', 'c 1']);
  expect(lines.filter((line) => /^warn .*limits\.maxPinned/u.test(line))).toHaveLength(1);
  for (const handle of handles) handle.dispose();
  expect(client.stats().pinned).toBe(1);
});

test.each(['store', 'endpoint', 'breaker'] as const)('a listener of "%s" cannot have a name', (event) => {
  const { client } = setUpClient();

  expect(() => client.on(event, () => {}, { name: 'db' })).toThrow(/cannot have the option name/u);
  expect(client.stats().pinned).toBe(0);
});

test('pin() and a listener refuse an invalid name', () => {
  const { client } = setUpClient();

  expect(() => client.pin('')).toThrow(/must not be empty/u);
  expect(() => client.on('rotated', () => {}, { name: '' })).toThrow(/must not be empty/u);
});

test('a pinned secret that KMS refuses is requested again every 30 s to 60 s', async () => {
  const { client, clock, kms } = setUpClient();
  await client.get('db');
  client.on('rotated', () => {}, { name: 'db' });
  kms.fail('denied', 'db');
  await client.refresh('db').catch(() => {});
  const before = kms.requests.length;

  await clock.pass('29s');
  expect(kms.requests.length - before).toBe(0);
  await clock.pass('10m');

  expect(kms.requests.length - before).toBeGreaterThanOrEqual(10);
  expect(kms.requests.length - before).toBeLessThanOrEqual(20);
});

test('a pinned secret that KMS refuses is not requested again within negativeTtl', async () => {
  const { client, clock, kms } = setUpClient({ negativeTtl: '2m' });
  await client.get('db');
  client.pin('db');
  kms.fail('denied', 'db');
  await client.refresh('db').catch(() => {});
  const before = kms.requests.length;

  await clock.pass('119s');
  expect(kms.requests.length - before).toBe(0);
  await clock.pass('1s');

  expect(kms.requests.length - before).toBe(1);
});

test('the other pinned stages of a refused secret are requested again after 30 s', async () => {
  const { client, clock, kms } = setUpClient();
  for (const stage of ['ACSCurrent', 'ACSPrevious']) {
    client.pin('db', { stage });
    await client.get('db', { stage });
  }
  kms.fail('denied', 'db');
  await client.refresh('db').catch(() => {});
  const before = kms.requests.length;
  const previous = (): number => kms.requests.slice(before).filter(({ stage }) => stage === 'ACSPrevious').length;

  await clock.pass('29s');
  expect(previous()).toBe(0);
  await clock.pass('1s');

  expect(previous()).toBe(1);
});
