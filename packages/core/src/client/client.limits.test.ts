import type { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { isSecretError } from '../secret/errors.ts';
import { fakeEndpoint, setUpClient } from './client.fixture.ts';
import type { SecretClient } from './client.ts';

const manyNames = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `db-${index}`);

test('sends at most limits.concurrentRequests to one endpoint', async () => {
  const { client, clock, kms } = setUpClient({ limits: { concurrentRequests: 3 } });
  kms.fail('hang');

  const reads = Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map((name) => client.get(name)));
  await clock.pass(0);

  expect(client.describe().endpoints[0]).toMatchObject({ inFlight: 3, queued: 2 });
  expect(kms.requests.length).toBe(3);
  await client.close();
  await reads;
});

test('sends at most limits.requestsPerSecond to one endpoint', async () => {
  const names = manyNames(30);
  const { client, clock, kms } = setUpClient({ names, limits: { requestsPerSecond: 10 } });

  const reads = client.getMany(names);
  const counts: number[] = [];
  for (let second = 0; second < 3; second += 1) {
    await clock.pass(second === 0 ? 0 : '1s');
    counts.push(kms.requests.length);
  }
  await reads;

  expect(counts).toEqual([10, 20, 30]);
});

test('sends reads, and the refreshes that reads join, before queued refreshes', async () => {
  const names = ['one', 'two', 'three', 'four', 'five', 'six'];
  // They are due one after the other.
  const secrets = Object.fromEntries(names.map((name, index) => [name, { ttl: 60_000 + 60 * index }]));
  const limits = { concurrentRequests: 4 };
  const { client, clock, kms } = setUpClient({ names: [...names, 'cold'], secrets, limits });
  for (const name of names) await client.get(name);
  kms.requests.length = 0;
  kms.delayResponses(1_000, clock);
  await clock.pass('56s');
  while (client.describe().endpoints[0]?.queued !== 3) await clock.pass(10);

  const reads = Promise.all([client.get('cold'), client.refresh('six')]);
  await clock.pass('5s');
  await reads;

  expect(kms.requests.map(({ name }) => name)).toEqual(['one', 'two', 'three', 'six', 'cold', 'four', 'five']);
});

test('runs at most 16 background refreshes at the same time', async () => {
  const names = manyNames(40);
  const { client, clock, kms } = setUpClient({ names, ttl: '1h' });
  await client.getMany(names);
  kms.requests.length = 0;
  kms.delayResponses(1_000, clock);
  await clock.pass('50m');
  expect(kms.requests).toEqual([]);

  // All are due at the same moment.
  const inFlight: number[] = [];
  while (kms.requests.length < names.length) {
    await clock.pass(100);
    inFlight.push(client.stats().inFlight);
  }

  expect(Math.max(...inFlight)).toBe(16);
});

test('reads all secrets although every limit has its minimum', async () => {
  const names = manyNames(30);
  const endpoints = ['a', 'b', 'c'].map((endpoint) => fakeEndpoint(endpoint, names));
  const { client, clock } = setUpClient({
    endpoints,
    deadline: '5m',
    limits: { concurrentRequests: 1, requestsPerSecond: 1 },
    hedge: { delay: 1, share: 1 },
    breaker: { failures: 1, openTime: 10, maxOpenTime: 10 },
  });
  for (const endpoint of endpoints) endpoint.delayResponses(50, clock);

  const reads = client.getMany(names);
  await clock.pass('2m');

  expect(Object.values(await reads)).toHaveLength(names.length);
  expect(client.describe().endpoints).toMatchObject(endpoints.map(() => ({ inFlight: 0, queued: 0 })));
  for (const { requests } of endpoints) expect(requests.length).toBeLessThanOrEqual(122);
});

test('hundreds of simultaneous refreshes keep to the limit and delay no read', async () => {
  const names = manyNames(300);
  const { client, clock, kms } = setUpClient({
    names: [...names, 'new'],
    ttl: '1h',
    idleTtl: 0,
    deadline: '1m',
    limits: { requestsPerSecond: 40 },
  });
  const reads = client.getMany(names);
  await clock.pass('10s');
  await reads;
  await clock.pass('56m');
  kms.delayResponses(5, clock);
  kms.requests.length = 0;
  while (kms.requests.length < 60) await clock.pass(100); // more than the limit allows at once: the rest is queued

  const read = client.get('new');
  await clock.pass(20);

  expect((await read).versionId).toBe('v1');
  for (let second = 0; second < 10; second += 1) {
    const before = kms.requests.length;
    await clock.pass('1s');
    expect(kms.requests.length - before).toBeLessThanOrEqual(80);
  }
  expect(kms.requests.length).toBe(names.length + 1);
});

test('close() rejects a thousand queued reads and leaves no timer', async () => {
  const { client, clock, kms } = setUpClient();
  kms.fail('hang');
  const reads = manyNames(1_000).map((name) =>
    client.get(name).then(
      () => 'read',
      (error: unknown) => (isSecretError(error) ? error.code : 'another error'),
    ),
  );
  await clock.pass(100);

  await client.close();

  expect(new Set(await Promise.all(reads))).toEqual(new Set(['ERR_CLIENT_CLOSED']));
  expect(clock.pendingTimers).toBe(0);
});

/** Reads names that KMS does not have, 600 a second, for some seconds. */
async function flood(client: SecretClient, clock: FakeClock, seconds: number): Promise<void> {
  for (let step = 0; step < 10 * seconds; step += 1) {
    for (let count = 0; count < 60; count += 1) client.get(`made-up/${step}/${count}`).catch(() => {});
    await clock.pass(100);
  }
}

test('made-up names neither delay refreshes nor first reads of preloaded names', async () => {
  const { client, clock, kms, events } = setUpClient({ preload: ['db', 'late'], ttl: '3s', deadline: '5s' });
  kms.delayResponses(5, clock);
  kms.fail('unavailable', 'late');
  client.ready().catch(() => {});
  await flood(client, clock, 4);
  kms.put('db', 'v2');
  kms.put('late', 'v1');

  await flood(client, clock, 4);

  expect(client.peek('db')?.versionId).toBe('v2');
  expect(client.peek('late')?.versionId).toBe('v1');
  expect(events('stale')).toEqual([]);
  await client.close();
});

test('a read that waits for a limit of the client names that limit', async () => {
  const names = manyNames(300);
  const { client, clock, kms } = setUpClient({ names, limits: { requestsPerSecond: 20 } });
  kms.delayResponses(5, clock);

  const reads = Promise.allSettled(names.map((name) => client.get(name)));
  await clock.pass('11s');
  const errors = (await reads).flatMap((read) => (read.status === 'rejected' ? [read.reason as Error] : []));

  expect(errors.length).toBeGreaterThan(0);
  for (const { message } of errors) {
    expect(message).toContain('for the limit of this client: 20 requests per second (limits.requestsPerSecond)');
  }
  await client.close();
});

test('a read that waits for a slot names the limit of slots', async () => {
  const { client, clock, kms } = setUpClient({ limits: { concurrentRequests: 1 } });
  kms.fail('hang', 'a');
  client.get('a').catch(() => {});

  const read = client.get('db').catch((error: unknown) => String(error));
  kms.fail('hang');
  await clock.pass('10s');

  expect(await read).toContain('1 in flight (limits.concurrentRequests)');
  await client.close();
});

test.each([64, 192])('reads a secret within a second while %i others hang', async (count) => {
  const { client, clock, kms } = setUpClient();
  for (const name of manyNames(count)) kms.fail('hang', name);
  for (const name of manyNames(count)) client.get(name).catch(() => {});
  await clock.pass(200);

  const read = client.get('db');
  await clock.pass(800);

  expect(client.peek('db')?.versionId).toBe('v1');
  await read;
  await client.close();
});

test('secrets that keep hanging delay no other secret', async () => {
  const { client, clock, kms } = setUpClient({ retry: { maxAttempts: 20 }, breaker: false });
  const names = manyNames(400);
  for (const name of names) kms.fail('hang', name);
  for (const name of names) client.get(name).catch(() => {});
  await clock.pass('20s');

  const read = client.get('db');
  await clock.pass('1s');

  expect(client.peek('db')?.versionId).toBe('v1');
  await read;
  await client.close();
});

test('a first read of another name takes its turn beside made-up names', async () => {
  const limits = { requestsPerSecond: 20 };
  const { client, clock, kms } = setUpClient({ names: ['app/new'], limits, deadline: '5s' });
  kms.delayResponses(5, clock);
  const errors: string[] = [];
  for (let step = 0; step < 80; step += 1) {
    for (let count = 0; count < 6; count += 1) {
      client.get(`users/${step}/${count}`).catch((error: unknown) => errors.push(String(error)));
    }
    await clock.pass(100);
  }

  const reading = client.get('app/new');
  await clock.pass(150);

  expect((await reading).versionId).toBe('v1');
  expect(errors.find((error) => error.includes('deadline'))).toContain('limits.requestsPerSecond');
  await client.close();
});
