import { FakeClock, FakeStore } from '@kms-secrets/testing';
import { describe, expect, test } from 'vitest';
import { tickLength } from '../time/ticks.ts';
import {
  dbRequest,
  dbSecret,
  holdResponses,
  hour,
  setUpClient,
  setUpFleet,
  setUpWarmClient,
  storedSecret,
} from './client.fixture.ts';

/** The last one is no whole number of ticks. */
const uptimes = ['0ms', '24d', '25d', '800d', `${25 * 24 * hour + 17}ms`];

describe.each(uptimes)('after %s of uptime', (uptime) => {
  const clockOf = (): FakeClock => new FakeClock({ uptime });

  test('a value is fresh for its TTL, to one tick', async () => {
    // Without a refresh before the TTL ends.
    const { client, clock } = await setUpWarmClient({ clock: clockOf(), refresh: { nextRefresh: () => Infinity } });
    clock.freeze(5 * 60_000 - tickLength);
    expect(client.statusOf('db')?.freshness).toBe('fresh');
    expect(client.peek('db')).toBeDefined();

    clock.freeze(tickLength);
    expect(client.statusOf('db')).toMatchObject({ freshness: 'stale', age: 5 * 60_000, ttl: 5 * 60_000 });
    expect(client.peek('db')).toBeUndefined();
  });

  test('a refresh starts when it is due, and no more than one tick later', async () => {
    const { client, clock, kms } = await setUpWarmClient({ clock: clockOf() });
    const due = client.statusOf('db')?.nextRefreshIn ?? 0;
    expect(due).toBeGreaterThanOrEqual(282_000);
    expect(due).toBeLessThan(282_000 + tickLength);

    await clock.pass(due - 1);
    expect(kms.requests).toHaveLength(1);
    await clock.pass(1);

    expect(kms.requests).toHaveLength(2);
    expect(client.statusOf('db')).toMatchObject({ age: 0, freshness: 'fresh' });
  });

  test('a stale value expires after staleIfError, to the millisecond', async () => {
    const { client, clock, kms } = await setUpWarmClient({ clock: clockOf(), staleIfError: '1h', idleTtl: 0 });
    kms.fail('unreachable');
    await clock.pass('10m');
    expect(await client.get('db')).toMatchObject({ stale: true });
    expect(client.statusOf('db')?.expiresIn).toBe(55 * 60_000);
    clock.freeze(55 * 60_000 - 1);
    expect(client.peek('db')).toMatchObject({ stale: true });

    clock.freeze(1);

    expect(client.peek('db')).toBeUndefined();
    // The counts are accurate to one second.
    clock.freeze('1s');
    expect(client.health()).toMatchObject({ status: 'failing', counts: { fresh: 0, stale: 0, expired: 1 } });
  });

  test('an unread secret becomes idle', async () => {
    const { client, clock } = await setUpWarmClient({ clock: clockOf(), idleTtl: '20m' });

    await clock.pass('40m');

    expect(client.statusOf('db')).toBeUndefined();
  });

  test('evicts the secret that was read least recently', async () => {
    const limits = { maxEntries: 2 };
    const { client, clock } = setUpClient({ clock: clockOf(), names: ['a', 'b', 'c'], limits });
    await client.get('a');
    await client.get('b');
    clock.freeze(tickLength);
    await client.get('a');
    await client.get('c');

    expect(['a', 'b', 'c'].map((name) => client.statusOf(name) !== undefined)).toEqual([true, false, true]);
  });

  test('a read ends at its deadline', async () => {
    const { client, clock, kms } = setUpClient({ clock: clockOf(), deadline: '3s', attemptTimeout: '1m' });
    kms.delayResponses(hour, clock);
    const started = clock.now();
    const ended = client.get('db').catch((error: unknown) => ({ error, after: clock.now() - started }));
    await clock.pass('4s');

    expect(await ended).toMatchObject({ error: { code: 'ERR_DEADLINE_EXCEEDED' }, after: 3_000 });
  });

  test('a refusal is cached for negativeTtl', async () => {
    const { client, clock, kms } = setUpClient({ clock: clockOf(), negativeTtl: '10s' });
    const read = (): Promise<unknown> => client.get('db').catch(() => {});
    kms.fail('denied');
    await read();
    await clock.pass(9_999);
    await read();
    expect(kms.requests).toHaveLength(1);
    await clock.pass(1);
    await read();

    expect(kms.requests).toHaveLength(2);
  });

  test('a value from a store keeps its age', async () => {
    const clock = clockOf();
    const store = new FakeStore();
    await store.write(dbRequest, storedSecret(clock, { age: 60_017 }));
    const { client } = setUpClient({ clock, store, ttl: '5m' });

    expect(await client.get('db')).toMatchObject({ versionId: 'v0', stale: false });
    expect(client.statusOf('db')).toMatchObject({ age: 60_017, ttl: 300_000 });
  });

  test('one process of a fleet fetches at a time', async () => {
    const { clock, kms, processes } = setUpFleet(3, { uptime });
    kms.delayResponses(500, clock);
    const reads = Promise.all(processes.map(({ client }) => client.get('db')));
    await clock.pass('1s');
    await reads;

    expect(kms.requests).toHaveLength(1);
  });
});

test('a process passes 2^31 ms of uptime without a change of its refreshes', async () => {
  const clock = new FakeClock({ uptime: 2 ** 31 - 2 * hour });
  const { client, kms } = await setUpWarmClient({ clock, ttl: '10m', idleTtl: 0 });
  const requestsOf = async (): Promise<number> => {
    const before = kms.requests.length;
    await clock.pass('90m');
    expect(client.health().status).toBe('ok');
    return kms.requests.length - before;
  };

  const [before, across, after] = [await requestsOf(), await requestsOf(), await requestsOf()];

  expect(clock.now()).toBeGreaterThan(2 ** 31);
  expect(before).toBeGreaterThan(0);
  expect([across, after].every((count) => Math.abs(count - before) <= 1)).toBe(true);
});

test('an older fetch does not replace a newer one of the same tick', async () => {
  const { client, clock, kms } = setUpClient();
  const responses = holdResponses(kms);
  const older = client.get('db');
  await clock.pass(10);
  const newer = client.refresh('db');
  await clock.pass(10);
  responses[1]?.resolve(dbSecret('v2'));
  await newer;
  responses[0]?.resolve(dbSecret('v1'));
  await older;

  expect(client.peek('db')?.versionId).toBe('v2');
});
