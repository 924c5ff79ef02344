import { FakeStore } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { RefreshReadOptions } from '../options/options.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { SecretFields } from '../secret/secret-fields.ts';
import type { Secret } from '../secret/secret.ts';
import { dbSecret, holdResponses, setUpClient, setUpWarmClient } from './client.fixture.ts';

test('refreshes a secret before its TTL ends', async () => {
  const { client, clock, kms } = setUpClient({ ttl: '1h' });
  await client.get('db');
  kms.put('db', 'v2');

  await clock.pass('1h');

  expect(client.peek('db')).toMatchObject({ versionId: 'v2', stale: false });
  expect(kms.requests.length).toBe(2);
});

test('emits rotated with both versions, and refreshed for every refresh', async () => {
  const { client, kms } = setUpClient();
  const emitted: string[] = [];
  client.on('refreshed', ({ name, versionId }) => emitted.push(`refreshed ${name} ${versionId ?? ''}`));
  client.on('rotated', ({ secret, previousVersionId }) =>
    emitted.push(`rotated ${previousVersionId} ${secret.versionId}`),
  );
  await client.get('db');
  await client.refresh('db');
  kms.put('db', 'v2');

  await client.refresh('db');

  expect(emitted).toEqual(['refreshed db v1', 'refreshed db v2', 'rotated v1 v2']);
  expect(client.stats().rotations).toBe(1);
});

test('fetches a managed secret shortly after its announced rotation', async () => {
  const { client, clock, kms } = setUpClient({ ttl: '24h' });
  const rotation = { state: 'Enabled', interval: 604_800_000, lastAt: undefined } as const;
  kms.put('db', 'v1', { rotation: { ...rotation, nextAt: clock.date() + 60_000 } });
  await client.get('db');
  kms.put('db', 'v2', { rotation: { ...rotation, nextAt: clock.date() + 700_000_000 } });

  await clock.pass('75s');

  expect(client.peek('db')?.versionId).toBe('v2');
});

test('sees a rotation that KMS makes after its announced date', async () => {
  const { client, clock, kms } = setUpClient({ ttl: '1h' });
  const rotation = { state: 'Enabled', interval: 604_800_000, lastAt: undefined } as const;
  kms.put('db', 'v1', { rotation: { ...rotation, nextAt: clock.date() + 60_000 } });
  await client.get('db');
  await clock.pass('6m');
  kms.put('db', 'v2', { rotation: { ...rotation, nextAt: clock.date() + 700_000_000 } });
  const requestsBefore = kms.requests.length;

  await clock.pass('6m');

  expect(client.peek('db')?.versionId).toBe('v2');
  expect(requestsBefore).toBeLessThanOrEqual(8);
});

test('a date of a rotation that never happens adds few requests', async () => {
  const { client, clock, kms } = setUpClient({ ttl: '1h', idleTtl: 0 });
  const rotation = { state: 'Enabled', interval: 604_800_000, lastAt: undefined } as const;
  kms.put('db', 'v1', { rotation: { ...rotation, nextAt: clock.date() + 60_000 } });
  await client.get('db');

  await clock.pass('24h');

  // About 25 for the TTL, and 10 for the delays that double from 5 s to 1 h.
  expect(kms.requests.length).toBeLessThan(40);
});

test("raises a secret's own TTL below 10 s and logs one warning", async () => {
  const { client, clock, kms, lines } = setUpClient();
  kms.put('flags', 'v1', { value: '{"ttl":300,"x":"s3cret-flag"}' });
  await client.get('flags');

  await clock.pass('30s');

  expect(kms.requests.length).toBe(4);
  expect(lines.filter((line) => line.includes('sets its TTL to 300 ms'))).toHaveLength(1);
});

test('setting the calendar back does not extend the TTL', async () => {
  const { client, clock, kms } = setUpClient({ ttl: '1h' });
  await client.get('db');
  clock.setDate(clock.date() - 86_400_000);
  kms.put('db', 'v2');

  await clock.pass('1h');

  expect(client.peek('db')?.versionId).toBe('v2');
});

test('refresh() fetches a fresh secret again', async () => {
  const { client, kms } = setUpClient();
  await client.get('db');
  kms.put('db', 'v2');

  expect((await client.refresh('db')).versionId).toBe('v2');
  expect(client.peek('db')?.versionId).toBe('v2');
});

test('refresh() does not join a fetch whose request has left', async () => {
  const { client, clock, kms } = setUpClient();
  const responses = holdResponses(kms);
  const read = client.get('db');
  await clock.pass(10);

  const refreshed = client.refresh('db');
  await clock.pass(10);
  responses[1]?.resolve(dbSecret('v2'));
  await clock.pass(10);
  responses[0]?.resolve(dbSecret('v1'));

  expect((await read).versionId).toBe('v1');
  expect((await refreshed).versionId).toBe('v2');
  expect(client.peek('db')?.versionId).toBe('v2');
});

test('refresh() joins a fetch whose request has not left', async () => {
  const { client, clock, kms } = setUpClient({ names: ['a', 'db'], limits: { concurrentRequests: 1 } });
  kms.delayResponses(100, clock);
  void client.get('a');
  void client.get('db');
  await clock.pass(50);

  const refreshed = client.refresh('db');
  await clock.pass('1s');
  await refreshed;

  expect(kms.requests.map(({ name }) => name)).toEqual(['a', 'db']);
});

test('refresh() calls during a refresh share one more request', async () => {
  const { client, clock, kms } = setUpClient();
  const responses = holdResponses(kms);
  const first = client.refresh('db');
  await clock.pass(10);

  const later = Array.from({ length: 5 }, () => client.refresh('db'));
  await clock.pass(10);
  expect(responses).toHaveLength(1);
  responses[0]?.resolve(dbSecret('v1'));
  await clock.pass(10);
  responses[1]?.resolve(dbSecret('v2'));

  expect((await first).versionId).toBe('v1');
  expect((await Promise.all(later)).map(({ versionId }) => versionId)).toEqual(Array.from({ length: 5 }, () => 'v2'));
  expect(responses).toHaveLength(2);
  expect(client.stats().inFlight).toBe(0);
});

test('a failure of a fetch that a refresh has overtaken has no effect', async () => {
  const { client, clock, kms } = await setUpWarmClient({ retry: { maxAttempts: 1 } });
  clock.freeze('6m');
  kms.fail('hang');
  client.get('db').catch(() => {});
  await clock.pass(50);
  kms.heal();

  await client.refresh('db');
  await clock.pass('10s');

  expect(client.describe().secrets).toMatchObject([{ freshness: 'fresh', lastFailure: undefined }]);
});

test('refresh() rejects with the cause and keeps the cached value', async () => {
  const { client, kms, clock } = setUpClient();
  await client.get('db');
  kms.fail('unavailable');

  const refreshed = client.refresh('db');
  refreshed.catch(() => {});
  await clock.pass('10s');

  await expect(refreshed).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE', secretName: 'db' });
  expect(client.peek('db')?.versionId).toBe('v1');
});

test('an aborted signal ends the wait of refresh()', async () => {
  const { client, kms } = await setUpWarmClient();
  kms.fail('hang');
  const controller = new AbortController();
  const reason = new Error('no longer needed');
  const refreshed = client.refresh('db', { signal: controller.signal });
  refreshed.catch(() => {});

  controller.abort(reason);

  await expect(refreshed).rejects.toBe(reason);
});

test('refresh({ unlessNewerThan }) returns the newer version in memory without a request', async () => {
  const { client, kms } = setUpClient();
  await client.get('db');
  kms.put('db', 'v2');
  await client.refresh('db');

  expect((await client.refresh('db', { unlessNewerThan: 'v1' })).versionId).toBe('v2');
  expect(kms.requests.length).toBe(2);
});

test('refresh({ unlessNewerThan }) fetches a newer version', async () => {
  const { client, clock, kms } = await setUpWarmClient();
  await clock.pass('2s');
  kms.put('db', 'v2');

  expect((await client.refresh('db', { unlessNewerThan: 'v1' })).versionId).toBe('v2');
  expect(kms.requests.length).toBe(2);
});

test('refresh({ unlessNewerThan }) fetches a newer version past the TTL', async () => {
  const { client, clock, kms } = await setUpWarmClient({ ttl: '10s' });
  clock.freeze('15s');
  kms.put('db', 'v3');

  expect((await client.refresh('db', { unlessNewerThan: 'v0' })).versionId).toBe('v3');
});

test('refresh({ unlessNewerThan }) joins a fetch whose request has left', async () => {
  const { client, clock, kms } = setUpClient();
  const responses = holdResponses(kms);
  void client.get('db');
  await clock.pass(10);

  const refreshed = client.refresh('db', { unlessNewerThan: 'v1' });
  await clock.pass(10);
  responses[0]?.resolve(dbSecret('v2'));

  expect((await refreshed).versionId).toBe('v2');
  expect(responses).toHaveLength(1);
});

test('refresh({ unlessNewerThan }) requires a response of KMS, not of a store', async () => {
  const store = new FakeStore();
  const { client, clock, kms } = await setUpWarmClient({ store });
  await clock.pass('2s');
  kms.put('db', 'v2');

  const refreshed = client.refresh('db', { unlessNewerThan: 'v1' });
  await clock.pass(10);

  expect((await refreshed).versionId).toBe('v2');
});

test('refresh({ unlessNewerThan }) sends a request right after an ordinary fetch', async () => {
  const { client, kms } = await setUpWarmClient();
  kms.put('db', 'v2');

  expect((await client.refresh('db', { unlessNewerThan: 'v1' })).versionId).toBe('v2');
  kms.put('db', 'v3');
  expect((await client.refresh('db', { unlessNewerThan: 'v2' })).versionId).toBe('v3');
});

test('100 callers that a service keeps rejecting send one request per second', async () => {
  const { client, clock, kms } = await setUpWarmClient();
  await clock.pass('5s');
  const before = kms.requests.length;

  for (let elapsed = 0; elapsed < 3_000; elapsed += 100) {
    const calls = Array.from({ length: 100 }, () => client.refresh('db', { unlessNewerThan: 'v1' }));
    await clock.pass(100);
    expect(new Set((await Promise.all(calls)).map(({ versionId }) => versionId))).toEqual(new Set(['v1']));
  }

  expect(kms.requests.length - before).toBe(3);
});

test('refresh({ unlessNewerThan }) fails at once within a second after a failure', async () => {
  const { client, clock, kms } = await setUpWarmClient({ retry: { maxAttempts: 1 } });
  await clock.pass('5s');
  kms.fail('unavailable');
  const first = client.refresh('db', { unlessNewerThan: 'v1' });
  await expect(first).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  const requests = kms.requests.length;

  await expect(client.refresh('db', { unlessNewerThan: 'v1' })).rejects.toMatchObject({
    code: 'ERR_SECRET_UNAVAILABLE',
  });
  expect(kms.requests.length).toBe(requests);
  kms.heal();
  clock.freeze('1s');
  expect((await client.refresh('db', { unlessNewerThan: 'v1' })).versionId).toBe('v1');
});

test('refresh({ unlessNewerThan }) sends no request for a secret that KMS has just refused', async () => {
  const { client, clock, kms } = await setUpWarmClient();
  await clock.pass('5s');
  kms.fail('denied');
  await expect(client.refresh('db')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
  const requests = kms.requests.length;

  await expect(client.refresh('db', { unlessNewerThan: 'v1' })).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
  expect(kms.requests.length).toBe(requests);
});

test.each([
  ['a wrong type', { unlessNewerThan: 7 }],
  ['an empty version', { unlessNewerThan: '' }],
  ['a misspelt option', { unlessNewer: 'v1' }],
])('refresh() refuses %s', async (_, options) => {
  const { client } = setUpClient();

  await expect(client.refresh('db', options as RefreshReadOptions)).rejects.toMatchObject({
    code: 'ERR_REQUEST_REJECTED',
  });
});

test('get() refuses the options of refresh()', async () => {
  const { client } = setUpClient();

  await expect(client.get('db', { unlessNewerThan: 'v1' } as RefreshReadOptions)).rejects.toThrow(/unlessNewerThan/u);
});

/** A secret that KMS rotated at a date, in milliseconds since 1970. */
function rotatedAt(lastAt: number | undefined): Pick<SecretFields, 'createdAt' | 'rotation'> {
  return { createdAt: 1, rotation: { state: 'Disabled', interval: undefined, lastAt, nextAt: undefined } };
}

test('reports how long after the rotation a new version has arrived', async () => {
  const { client, clock, kms, events } = await setUpWarmClient();
  kms.put('db', 'v2', rotatedAt(clock.date() + 10_000));
  await clock.pass('30s');
  await client.refresh('db');
  await clock.pass('5s');

  expect(events('rotated')).toMatchObject([{ versionId: 'v2', lag: 20_000 }]);
  expect(client.statusOf('db')).toMatchObject({ rotationLag: 20_000, versionAge: 25_000 });

  await client.invalidate('db');
  await client.get('db');
  expect(client.statusOf('db')).toMatchObject({ rotationLag: undefined, versionAge: 25_000 });
});

test.each([
  ['no date', undefined, undefined],
  ['an invalid date', Number.NaN, undefined],
  ['a date in the future', 3_600_000, 0],
])('a new version with %s of its rotation has the lag %s', async (_, ahead, lag) => {
  const { client, clock, kms, events } = await setUpWarmClient();
  kms.put('db', 'v2', rotatedAt(ahead === undefined ? undefined : clock.date() + ahead));
  await client.refresh('db');

  expect(events('rotated')).toMatchObject([{ lag }]);
  expect(client.statusOf('db')).toMatchObject({ rotationLag: lag, versionAge: lag });
});

test('a version without a date does not keep the lag of the version before', async () => {
  const { client, clock, kms } = await setUpWarmClient();
  kms.put('db', 'v2', rotatedAt(clock.date()));
  await client.refresh('db');
  expect(client.statusOf('db')?.rotationLag).toBe(0);
  kms.put('db', 'v3', rotatedAt(undefined));

  await client.refresh('db');

  expect(client.statusOf('db')?.rotationLag).toBeUndefined();
});

test('a secret that KMS does not rotate has no lag: its CreateTime is not that of the version', async () => {
  const { client, clock, kms, events } = await setUpWarmClient();
  kms.put('db', 'v2', { createdAt: clock.date() - 86_400_000 });
  await client.refresh('db');

  expect(events('rotated')).toMatchObject([{ lag: undefined }]);
  expect(client.statusOf('db')).toMatchObject({ rotationLag: undefined, versionAge: undefined });
});

test('refresh() of a handle follows its stage', async () => {
  const { client, kms } = setUpClient();
  kms.put('db', 'p1', { stages: ['ACSPrevious'] });
  using handle = client.handle('db', { stage: 'ACSPrevious' });

  expect((await handle.refresh()).versionId).toBe('p1');
  expect((await handle.refresh({ unlessNewerThan: 'p0' })).versionId).toBe('p1');
  expect(kms.requests).toMatchObject([{ stage: 'ACSPrevious' }]);
});

test('refresh() ignores a cached refusal', async () => {
  const { client, kms } = setUpClient();
  await client.get('new').catch(() => {});
  kms.put('new', 'v1');

  expect((await client.refresh('new')).versionId).toBe('v1');
  expect((await client.get('new')).versionId).toBe('v1');
});

test('refreshes a secret that expired while the process was suspended', async () => {
  const { client, clock, kms } = await setUpWarmClient({ staleIfError: '5m', idleTtl: 0 });
  kms.put('db', 'v2');
  clock.freeze('60h');

  await clock.pass(0);

  expect(client.peek('db')?.versionId).toBe('v2');
});

test('an invalid rotation date neither stops refreshes nor speeds them up', async () => {
  const { client, clock, kms } = setUpClient({ ttl: '5m' });
  kms.put('db', 'v1', { rotation: { state: 'Enabled', interval: undefined, lastAt: undefined, nextAt: Number.NaN } });
  await client.get('db');

  await clock.pass('10m');

  expect(kms.requests.length).toBe(3);
});

test('a secret whose properties throw does not stop refreshes', async () => {
  const { client, clock, kms } = await setUpWarmClient();
  const broken = Object.create(await client.get('db'), {
    rotation: {
      get: () => {
        throw new Error('broken');
      },
    },
  }) as Secret;
  const fetch = kms.fetch.bind(kms);
  kms.fetch = () => Promise.resolve(broken);
  await clock.pass('6m');
  expect((await client.get('db')).stale).toBe(true);

  kms.fetch = fetch;
  await clock.pass('1m');

  expect(client.peek('db')?.stale).toBe(false);
});

test('a refresh waits for the Retry-After of an earlier fetch', async () => {
  const { client, clock, kms } = await setUpWarmClient({ retry: { maxAttempts: 1 } });
  kms.fail(new FetchFailure('throttled', 'later', { retryAfter: 50_000 }));
  await client.refresh('db').catch(() => {});

  await clock.pass('49s');
  expect(kms.requests.length).toBe(2);
  await clock.pass('30s');

  expect(kms.requests.length).toBe(3);
});
