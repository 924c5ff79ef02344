import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { failures } from '../secret/failures.ts';
import type { FailureName } from '../secret/failures.ts';
import { evenlySpread, setUpClient, setUpWarmClient } from './client.fixture.ts';

const outages = Object.entries(failures).flatMap(([name, kind]) => (kind.serveStale ? [name as FailureName] : []));

test.each(outages)('returns the stale value at once while KMS is unavailable: %s', async (failure) => {
  const { client, clock, kms, events } = await setUpWarmClient();
  kms.fail(failure);
  await clock.pass('6m');
  const requestsBefore = kms.requests.length;

  expect(await client.get('db')).toMatchObject({ versionId: 'v1', stale: true });
  expect(client.peek('db')).toMatchObject({ versionId: 'v1', stale: true });
  expect(kms.requests.length).toBe(requestsBefore);
  expect(events('stale')).toMatchObject([{ name: 'db', versionId: 'v1', age: 360_000 }]);
});

test('refetches all failing secrets within 1 s of the first recovery', async () => {
  // Evenly spread random values: after a long outage the retries are due between 15 and 30 s from now.
  const names = Array.from({ length: 20 }, (_, index) => `db-${index}`);
  const { client, clock, kms } = setUpClient({
    clock: new FakeClock({ random: evenlySpread() }),
    names,
    ttl: '5m',
    idleTtl: 0,
    retry: { maxAttempts: 1 },
  });
  await client.getMany(names);
  kms.fail('unreachable');
  await clock.pass('15m');
  const fresh = (): number => client.describe().secrets.filter(({ freshness }) => freshness === 'fresh').length;

  kms.heal();
  while (fresh() === 0) await clock.pass(50);
  expect(fresh()).toBeLessThan(names.length);
  await clock.pass('1s');

  expect(fresh()).toBe(names.length);
});

test('emits stale once per outage', async () => {
  const { client, clock, kms, events } = await setUpWarmClient();
  kms.fail('unreachable');
  await clock.pass('6m');
  for (let read = 0; read < 100; read += 1) await client.get('db');
  expect(events('stale').length).toBe(1);

  kms.heal();
  await clock.pass('1m');
  expect((await client.get('db')).stale).toBe(false);
  kms.fail('unreachable');
  await clock.pass('6m');
  await client.get('db');

  expect(events('stale').length).toBe(2);
});

test('retries during an outage and recovers within 30 s', async () => {
  const { client, clock, kms } = await setUpWarmClient({ idleTtl: 0 });
  kms.fail('unavailable');
  await clock.pass('20m');
  const requestsBefore = kms.requests.length;
  kms.heal();
  kms.put('db', 'v2');

  await clock.pass('30s');

  expect(requestsBefore).toBeGreaterThan(50);
  expect(client.peek('db')).toMatchObject({ versionId: 'v2', stale: false });
});

test('does not serve a value past staleIfError', async () => {
  const { client, clock, kms, events } = await setUpWarmClient({ staleIfError: '3m' });
  kms.fail('unreachable');
  await clock.pass('9m');

  const read = client.get('db');
  read.catch(() => {});
  await clock.pass('10s');

  await expect(read).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  expect(events('dropped')).toMatchObject([{ name: 'db', versionId: 'v1', reason: 'expired' }]);
});

test('serves no stale value with staleIfError 0', async () => {
  const { client, clock, kms } = await setUpWarmClient({ staleIfError: 0 });
  kms.fail('denied');
  clock.freeze('1h');

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
  expect(client.peek('db')).toBeUndefined();
});

test('waits for the new value after the process was suspended', async () => {
  const { client, clock, kms } = await setUpWarmClient();
  kms.put('db', 'v2');
  clock.freeze('2h');

  expect(await client.get('db')).toMatchObject({ versionId: 'v2', stale: false });
});

test('waits at most staleDeadline for a hanging KMS', async () => {
  const { client, clock, kms } = await setUpWarmClient({ staleDeadline: 300 });
  kms.fail('hang');
  clock.freeze('2h');

  const read = client.get('db');
  await clock.pass(299);
  expect(client.stats().staleReads).toBe(0);
  await clock.pass(1);

  expect(await read).toMatchObject({ versionId: 'v1', stale: true });
  expect(client.peek('db')).toMatchObject({ versionId: 'v1', stale: true });
});

test('does not wait for a refresh that was hanging before the TTL ended', async () => {
  const { client, clock, kms, events } = await setUpWarmClient({ attemptTimeout: '1m', staleDeadline: '1s' });
  kms.fail('hang');
  await clock.pass('5m');
  const isInFlight = client.stats().inFlight === 1;

  expect(await client.get('db')).toMatchObject({ versionId: 'v1', stale: true });
  expect([isInFlight, clock.now()]).toEqual([true, 300_000]);
  expect(events('stale')).toMatchObject([{ name: 'db', error: { code: 'ERR_DEADLINE_EXCEEDED' } }]);
});

test('returns the stale value as soon as every endpoint has failed once', async () => {
  const { client, clock, kms } = await setUpWarmClient();
  kms.fail('unreachable');
  clock.freeze('2h');

  expect(await client.get('db')).toMatchObject({ versionId: 'v1', stale: true });
  expect(clock.now()).toBe(7_200_000);
});

test('a first read fails at its deadline and the next read joins its fetch', async () => {
  const { client, clock, kms } = await setUpWarmClient({ deadline: '1s', attemptTimeout: 600 });
  kms.fail('hang', 'cold');
  const read = client.get('cold');
  read.catch(() => {});

  await clock.pass('1s');

  await expect(read).rejects.toMatchObject({
    code: 'ERR_DEADLINE_EXCEEDED',
    secretName: 'cold',
    attempts: [{ endpoint: 'kms.example', failure: 'unreachable', ms: 600 }],
  });
  kms.put('cold', 'v1');
  const next = client.get('cold');
  await clock.pass('1s');
  expect((await next).versionId).toBe('v1');
  expect(client.stats().fetches).toBe(2);
});

test('gives up a fetch after two minutes', async () => {
  const { client, clock, kms } = await setUpWarmClient({ attemptTimeout: '1h', deadline: '1h' });
  kms.fail('hang', 'cold');
  const read = client.get('cold');
  read.catch(() => {});

  await clock.pass('119s');
  expect(client.stats().inFlight).toBe(1);
  await clock.pass('1s');

  await expect(read).rejects.toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
  expect(client.stats().inFlight).toBe(0);
});

test('an aborted signal ends the wait of its own read only', async () => {
  const { client, clock, kms } = await setUpWarmClient();
  kms.fail('hang', 'cold');
  const controller = new AbortController();
  const reason = new Error('caller went away');
  const aborted = client.get('cold', { signal: controller.signal });
  const other = client.get('cold');
  await clock.pass(10);

  controller.abort(reason);

  await expect(aborted).rejects.toBe(reason);
  kms.put('cold', 'v1');
  await clock.pass('8s');
  expect((await other).versionId).toBe('v1');
});

test('rejects at once with an aborted signal', async () => {
  const { client, kms } = await setUpWarmClient();

  await expect(client.get('db', { signal: AbortSignal.abort('over') })).rejects.toBe('over');
  expect(kms.requests.length).toBe(1);
});

test('the error lists every endpoint and its last failure', async () => {
  const { client, clock, kms, fallback } = setUpClient({ hasFallback: true, retry: { maxAttempts: 2 } });
  kms.fail('unreachable');
  fallback.fail('throttled');
  const read = client.get('db');
  read.catch(() => {});

  await clock.pass('10s');

  await expect(read).rejects.toThrow(
    /all endpoints failed\.\n  - kms\.example: 2 attempts, last error \(unreachable\).*\n  - kms\.fallback: 2 attempts, last error \(throttled\)/u,
  );
});
