import { expect, test } from 'vitest';
import type { SecretEvents } from '../secret/events.ts';
import { setUpClient } from './client.fixture.ts';

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

test("raises a secret's own TTL below 10 s and logs one warning", async () => {
  const { client, clock, kms, lines } = setUpClient();
  kms.put('flags', 'v1', { value: '{"ttl":300,"x":"s3cret-flag"}' });
  await client.get('flags');

  await clock.pass('30s');

  expect(kms.requests.length).toBe(4);
  expect(lines.filter((line) => line.includes('sets its TTL to 300 ms'))).toHaveLength(1);
});

test.each([
  [
    'throws',
    (): never => {
      throw new Error('listener is broken');
    },
  ],
  ['rejects', (): Promise<never> => Promise.reject(new Error('listener is broken'))],
])('reports a listener that %s and continues', async (_how, listener) => {
  const { client, clock, kms, lines } = setUpClient({ ttl: '5m', idleTtl: 0 });
  for (const name of ['refreshed', 'failed', 'stale', 'dropped', 'rotated', 'endpoint'] as const)
    client.on(name, listener);
  let refreshes = 0;
  client.on('refreshed', () => (refreshes += 1));
  await client.get('db');
  await clock.pass('15m');

  expect(refreshes).toBeGreaterThan(2);
  kms.fail('unreachable');
  await clock.pass('6m');
  expect((await client.get('db')).stale).toBe(true);
  kms.fail('denied');
  await clock.pass('1m');
  expect(lines).toContain('error A listener for "refreshed" failed: Error was thrown');
  expect(lines).toContain('error A listener for "dropped" failed: Error was thrown');
});

test('removes a listener; the same function added twice is called twice', async () => {
  const { client } = setUpClient();
  const versions: string[] = [];
  const listener = ({ versionId }: SecretEvents['refreshed']): void => void versions.push(versionId ?? '');
  const remove = client.on('refreshed', listener);
  client.on('refreshed', listener);
  await client.get('db');
  await client.refresh('db');

  remove();
  await client.refresh('db');

  expect(versions).toEqual(['v1', 'v1', 'v1']);
});

test('continues if the logger throws', async () => {
  const broken = (): never => {
    throw new Error('disk full');
  };
  const { client, clock, kms } = setUpClient({
    ttl: '5m',
    logger: { debug: broken, info: broken, warn: broken, error: broken },
  });
  await client.get('db');
  kms.fail('unreachable');
  await clock.pass('6m');

  expect((await client.get('db')).stale).toBe(true);
});

test('ready() reads the names to preload; nothing is requested before', async () => {
  const { client, kms } = setUpClient({ preload: ['db'] });
  expect(kms.requests).toEqual([]);

  await client.ready();

  expect(client.peek('db')?.versionId).toBe('v1');
});

test('ready() resolves without names', async () => {
  await expect(setUpClient().client.ready()).resolves.toBeUndefined();
});

test('ready() retries during an outage shorter than readyTimeout', async () => {
  const { client, clock, kms } = setUpClient({ preload: ['db'], readyTimeout: '30s' });
  kms.fail('unreachable');
  const ready = client.ready();
  await clock.pass('15s');

  kms.heal();
  await clock.pass('15s');

  await ready;
  expect(client.peek('db')?.versionId).toBe('v1');
});

test('ready() rejects with all failures', async () => {
  const { client, clock, kms } = setUpClient({ preload: ['db', 'typo', 'away'], readyTimeout: '5s' });
  kms.fail('unreachable', 'away');
  const ready = client.ready();
  ready.catch(() => {});

  await clock.pass('5s');

  await expect(ready).rejects.toThrow(
    /2 of 3 secrets could not be preloaded.*typo: Secret "typo".*was not found.*away: Secret "away"/su,
  );
});

test('ready() reports the attempts of a read that did not finish', async () => {
  const { client, clock, kms } = setUpClient({ preload: ['db'], readyTimeout: '1s', attemptTimeout: 400 });
  kms.fail('hang');
  const ready = client.ready();
  ready.catch(() => {});

  await clock.pass('1s');

  await expect(ready).rejects.toThrow(
    /1 of 1 secret could not be preloaded:.*within its deadline of 1000 ms.*kms\.example: 2 attempts, last error \(unreachable\)/su,
  );
});

test('ready() does not wait for an optional name, which is retried later', async () => {
  const { client, clock, kms, lines } = setUpClient({
    preload: ['db', 'flags'],
    secrets: { flags: { optional: true } },
    readyTimeout: '5s',
  });
  kms.fail('unavailable', 'flags');
  const ready = client.ready();
  await clock.pass('5s');
  await ready;
  expect(lines.join()).toContain('Ready without the optional secret "flags"');

  kms.put('flags', 'v1');
  await clock.pass('31s');

  expect(client.peek('flags')?.versionId).toBe('v1');
});

test('close() rejects reads in flight, leaves no timer and closes transports', async () => {
  const { client, clock, kms } = setUpClient({ preload: ['db'] });
  await client.get('db');
  kms.fail('hang', 'slow');
  const reads = [
    client.get('slow'),
    client.get('slow', { signal: new AbortController().signal }),
    client.refresh('db'),
  ];
  const outcomes = Promise.allSettled(reads);
  await clock.pass(0);
  kms.fail('hang');
  const closing = client.close();
  const again = client.close();

  expect(again).toBe(closing);
  await closing;
  const [slow, signalled] = await outcomes;
  expect(slow).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CLIENT_CLOSED' } });
  expect(signalled).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CLIENT_CLOSED' } });
  expect(kms.isClosed).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

test('every read rejects after close()', async () => {
  const { client, kms } = setUpClient({ preload: ['db'] });
  await client.get('db');
  await client.close();
  const closed = { code: 'ERR_CLIENT_CLOSED' };

  await expect(client.get('db')).rejects.toMatchObject(closed);
  await expect(client.getMany(['db'])).rejects.toMatchObject(closed);
  await expect(client.refresh('db')).rejects.toMatchObject(closed);
  await expect(client.ready()).rejects.toMatchObject(closed);
  expect(client.peek('db')).toBeUndefined();
  expect(client.describe()).toMatchObject({ isClosed: true, secrets: [] });
  expect(kms.requests.length).toBe(1);
});

test('close() ends ready()', async () => {
  const { client, clock, kms } = setUpClient({ preload: ['db'] });
  kms.fail('hang');
  const ready = client.ready();
  ready.catch(() => {});
  await clock.pass(10);

  await client.close();

  await expect(ready).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
  expect(clock.pendingTimers).toBe(0);
});

test('is closed by asyncDispose', async () => {
  const { client, kms } = setUpClient();

  await client[Symbol.asyncDispose]();

  expect(kms.isClosed).toBe(true);
});

test('close() resolves although a transport fails to close', async () => {
  const { client, kms, lines } = setUpClient();
  kms.close = () => {
    throw new Error('stuck');
  };

  await client.close();

  expect(lines).toContain('error An endpoint could not be closed: Error was thrown');
});

test('close() does not wait for a transport that ignores its signal', async () => {
  const { client, clock, kms } = setUpClient();
  kms.fetch = () => new Promise(() => {});
  const read = client.get('db');
  read.catch(() => {});
  await clock.pass(10);

  await client.close();

  await expect(read).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
});

test('emits endpoint once when it fails and once when it recovers', async () => {
  const { client, clock, kms, events } = setUpClient({ ttl: '5m' });
  await client.get('db');
  kms.fail('throttled');
  await clock.pass('6m');
  kms.heal();
  await clock.pass('1m');

  expect(events('endpoint')).toEqual([
    { endpoint: 'kms.example', state: 'failing', failure: 'throttled' },
    { endpoint: 'kms.example', state: 'healthy', failure: undefined },
  ]);
});

test('describe() contains everything but the value', async () => {
  const { client, clock, kms } = setUpClient({ ttl: '5m' });
  await client.get('db');
  kms.fail('throttled');
  await clock.pass('6m');

  const { secrets, endpoints, isClosed } = client.describe();

  expect(isClosed).toBe(false);
  expect(secrets).toMatchObject([
    {
      name: 'db',
      stage: 'ACSCurrent',
      versionId: 'v1',
      type: 'Generic',
      age: 360_000,
      ttl: 300_000,
      freshness: 'stale',
    },
  ]);
  expect(secrets[0]?.nextRefreshIn).toBeGreaterThan(0);
  expect(secrets[0]?.lastFailure).toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  expect(secrets[0]?.lastFailure?.times).toBeGreaterThan(1);
  expect(endpoints).toMatchObject([
    { endpoint: 'kms.example', state: 'failing', lastFailure: { failure: 'throttled' } },
  ]);
  expect(JSON.stringify(client.describe()).includes('s3cret')).toBe(false);
});

test('setting the calendar back does not extend the TTL', async () => {
  const { client, clock, kms } = setUpClient({ ttl: '1h' });
  await client.get('db');
  clock.setDate(clock.date() - 86_400_000);
  kms.put('db', 'v2');

  await clock.pass('1h');

  expect(client.peek('db')?.versionId).toBe('v2');
});
