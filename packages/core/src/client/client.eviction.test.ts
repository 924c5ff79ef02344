import { expect, test } from 'vitest';
import { setUpClient } from './client.fixture.ts';
import type { ClientFixture, ClientFixtureOptions } from './client.fixture.ts';
import type { SecretClient } from './client.ts';

const setUp = (options: ClientFixtureOptions = {}): ClientFixture => setUpClient({ ttl: '10m', ...options });

/** The secrets that were dropped, as `name reason`. */
const dropped = ({ events }: ClientFixture): readonly string[] =>
  events('dropped').map(({ name, reason }) => `${name} ${reason}`);

test('evicts a secret that is unread for three TTLs', async () => {
  const fixture = setUp();
  const { client, clock, kms } = fixture;
  await client.get('db');

  await clock.pass('29m');
  expect(client.describe().secrets).toHaveLength(1);
  await clock.pass('12h');

  expect(dropped(fixture)).toEqual(['db idle']);
  expect(client.stats().secrets).toBe(0);
  expect(kms.requests.length).toBe(4);
  expect(clock.pendingTimers).toBe(0);
});

test('keeps a secret fresh while it is read', async () => {
  const fixture = setUp();
  const { client, clock } = fixture;

  for (let read = 0; read < 48; read += 1) {
    await client.get('db');
    await clock.pass('5m');
  }

  expect(dropped(fixture)).toEqual([]);
  expect(client.peek('db')?.stale).toBe(false);
});

test.each([
  ['get()', async (client: SecretClient): Promise<unknown> => client.get('db')],
  ['peek()', (client: SecretClient): unknown => client.peek('db')],
  ['get() with a stage', async (client: SecretClient): Promise<unknown> => client.get('db', { stage: 'ACSCurrent' })],
  ['getMany()', async (client: SecretClient): Promise<unknown> => client.getMany(['db'])],
])('%s counts as a read', async (_call, read) => {
  const fixture = setUp();
  const { client, clock } = fixture;
  await client.get('db');

  for (let reads = 0; reads < 5; reads += 1) {
    await clock.pass('25m');
    await read(client);
  }

  expect(dropped(fixture)).toEqual([]);
});

test('evicts after idleTtl regardless of the TTL', async () => {
  const fixture = setUp({ idleTtl: '2h' });
  const { client, clock } = fixture;
  await client.get('db');

  await clock.pass('110m');
  expect(dropped(fixture)).toEqual([]);
  await clock.pass('30m');

  expect(dropped(fixture)).toEqual(['db idle']);
});

test('refreshes unread secrets with idleTtl 0', async () => {
  const fixture = setUp({ idleTtl: 0 });
  const { client, clock, kms } = fixture;
  await client.get('db');

  await clock.pass('24h');

  expect(dropped(fixture)).toEqual([]);
  expect(kms.requests.length).toBeGreaterThan(140);
});

test('a preloaded name is never idle', async () => {
  const fixture = setUp({ preload: ['db'] });
  const { client, clock } = fixture;
  await client.ready();

  await clock.pass('24h');

  expect(dropped(fixture)).toEqual([]);
  expect(client.peek('db')?.stale).toBe(false);
});

test('evicts an idle secret that was read by version', async () => {
  const fixture = setUp();
  const { client, clock } = fixture;
  await client.get('db', { versionId: 'v1' });

  await clock.pass('2h');

  expect(dropped(fixture)).toEqual(['db idle']);
});

test('keeps an idle secret during an outage without refreshing it', async () => {
  const fixture = setUp();
  const { client, clock, kms } = fixture;
  await client.get('db');
  kms.fail('unreachable');
  await clock.pass('1h');
  const requestsBefore = kms.requests.length;
  await clock.pass('10h');

  expect(kms.requests.length).toBe(requestsBefore);
  expect(client.peek('db')).toMatchObject({ versionId: 'v1', stale: true });
  expect(dropped(fixture)).toEqual([]);
});

test('a read of an idle secret after an outage refreshes it at once', async () => {
  const { client, clock, kms } = setUp();
  await client.get('db');
  kms.fail('unreachable');
  await clock.pass('10h');
  kms.heal();
  kms.put('db', 'v2');

  expect((await client.get('db')).versionId).toBe('v1');
  await clock.pass('1s');

  expect(client.peek('db')).toMatchObject({ versionId: 'v2', stale: false });
});

test('drops an idle secret that expires during an outage', async () => {
  const fixture = setUp({ staleIfError: '5h' });
  const { client, clock, kms } = fixture;
  await client.get('db');
  kms.fail('unreachable');

  await clock.pass('6h');

  expect(dropped(fixture)).toEqual(['db expired']);
  expect(clock.pendingTimers).toBe(0);
});

test('evicts the least recently read secret beyond maxEntries', async () => {
  const fixture = setUp({ limits: { maxEntries: 3 }, names: ['a', 'b', 'c', 'd'] });
  const { client, clock, kms } = fixture;
  for (const name of ['a', 'b', 'c']) {
    await client.get(name);
    await clock.pass('1s');
  }
  client.peek('a');
  await clock.pass('1s');

  await client.get('d');

  expect(dropped(fixture)).toEqual(['b evicted']);
  expect(client.stats().secrets).toBe(3);
  await client.get('b');
  expect(dropped(fixture)).toEqual(['b evicted', 'c evicted']);
  expect(kms.requests.length).toBe(5);
});

test('evicts preloaded names last', async () => {
  const fixture = setUp({ limits: { maxEntries: 2 }, preload: ['a'], names: ['a', 'b', 'c'] });
  const { client, clock } = fixture;
  await client.ready();
  await clock.pass('1m');
  await client.get('b');

  await client.get('c');

  expect(dropped(fixture)).toEqual(['b evicted']);
});
