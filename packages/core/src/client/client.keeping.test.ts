import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { SecretClient } from './client.ts';
import { createSecretClient } from '../create-client.ts';
import type { SecretClientOptions } from '../options/options.ts';

interface Setup {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
  readonly dropped: string[];
}

function setup(options: SecretClientOptions = {}, names: readonly string[] = ['db']): Setup {
  const clock = new FakeClock();
  const kms = new FakeTransport();
  for (const name of names) kms.put(name, 'v1');
  const client = createSecretClient({ endpoints: [kms], clock, ttl: '10m', ...options });
  const dropped: string[] = [];
  client.on('dropped', ({ name, reason }) => dropped.push(`${name} ${reason}`));
  return { client, clock, kms, dropped };
}

async function passReading({ client, clock }: Setup, name: string, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await client.get(name);
    await clock.pass('5m');
  }
}

test('a secret that nobody has read for three TTLs is asked for no more, and forgotten', async () => {
  const { client, clock, kms, dropped } = setup();
  await client.get('db');

  await clock.pass('29m');
  expect(client.describe().secrets).toHaveLength(1);
  await clock.pass('12h');

  expect(dropped).toEqual(['db idle']);
  expect(client.stats().secrets).toBe(0);
  expect(kms.requests.length).toBe(4);
  expect(clock.pendingTimers).toBe(0);
});

test('a secret that is read is kept fresh for as long as it is', async () => {
  const parts = setup();

  await passReading(parts, 'db', 48);

  expect(parts.dropped).toEqual([]);
  expect(parts.client.peek('db')?.stale).toBe(false);
});

test.each([
  ['get', async (client: SecretClient): Promise<unknown> => client.get('db')],
  ['peek', (client: SecretClient): unknown => client.peek('db')],
  ['get with options', async (client: SecretClient): Promise<unknown> => client.get('db', { stage: 'ACSCurrent' })],
  ['getMany', async (client: SecretClient): Promise<unknown> => client.getMany(['db'])],
])('%s counts as reading', async (_way, read) => {
  const { client, clock, dropped } = setup();
  await client.get('db');

  for (let time = 0; time < 5; time += 1) {
    await clock.pass('25m');
    await read(client);
  }

  expect(dropped).toEqual([]);
});

test('idleTtl says how long, whatever the TTL', async () => {
  const { client, clock, dropped } = setup({ idleTtl: '2h' });
  await client.get('db');

  await clock.pass('110m');
  expect(dropped).toEqual([]);
  await clock.pass('30m');

  expect(dropped).toEqual(['db idle']);
});

test('with an idleTtl of 0 every secret is kept fresh, read or not', async () => {
  const { client, clock, kms, dropped } = setup({ idleTtl: 0 });
  await client.get('db');

  await clock.pass('24h');

  expect(dropped).toEqual([]);
  expect(kms.requests.length).toBeGreaterThan(140);
});

test('a preloaded name is never idle', async () => {
  const { client, clock, dropped } = setup({ preload: ['db'] });
  await client.ready();

  await clock.pass('24h');

  expect(dropped).toEqual([]);
  expect(client.peek('db')?.stale).toBe(false);
});

test('a version that was read once is forgotten like any other', async () => {
  const { client, clock, dropped } = setup();
  await client.get('db', { versionId: 'v1' });

  await clock.pass('2h');

  expect(dropped).toEqual(['db idle']);
});

test('while KMS is away an unread secret rests: it is asked for no more, and there if it is read after all', async () => {
  const { client, clock, kms, dropped } = setup();
  await client.get('db');
  kms.fail('unreachable');
  await clock.pass('1h');
  const asked = kms.requests.length;
  await clock.pass('10h');

  expect(kms.requests.length).toBe(asked);
  expect(client.peek('db')).toMatchObject({ versionId: 'v1', stale: true });
  expect(dropped).toEqual([]);
});

test('a resting secret that is read is asked for again at once', async () => {
  const { client, clock, kms } = setup();
  await client.get('db');
  kms.fail('unreachable');
  await clock.pass('10h');
  kms.heal();
  kms.put('db', 'v2');

  expect((await client.get('db')).versionId).toBe('v1');
  await clock.pass('1s');

  expect(client.peek('db')).toMatchObject({ versionId: 'v2', stale: false });
});

test('a resting secret that became too old is dropped', async () => {
  const { client, clock, kms, dropped } = setup({ staleIfError: '5h' });
  await client.get('db');
  kms.fail('unreachable');

  await clock.pass('6h');

  expect(dropped).toEqual(['db expired']);
  expect(clock.pendingTimers).toBe(0);
});

test('of more than maxEntries, those go that were not read for longest', async () => {
  const names = ['a', 'b', 'c', 'd'];
  const { client, clock, kms, dropped } = setup({ limits: { maxEntries: 3 } }, names);
  for (const name of ['a', 'b', 'c']) {
    await client.get(name);
    await clock.pass('1s');
  }
  client.peek('a');
  await clock.pass('1s');

  await client.get('d');

  expect(dropped).toEqual(['b evicted']);
  expect(client.stats().secrets).toBe(3);
  await client.get('b');
  expect(dropped).toEqual(['b evicted', 'c evicted']);
  expect(kms.requests.length).toBe(5);
});

test('preloaded names are evicted last', async () => {
  const names = ['a', 'b', 'c'];
  const { client, clock, dropped } = setup({ limits: { maxEntries: 2 }, preload: ['a'] }, names);
  await client.ready();
  await clock.pass('1m');
  await client.get('b');

  await client.get('c');

  expect(dropped).toEqual(['b evicted']);
});
