import { expect, test } from 'vitest';
import type { SecretEvents } from '../secret/events.ts';
import { deferred, setUpClient } from './client.fixture.ts';

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

test('is closed by asyncDispose', async () => {
  const { client, kms } = setUpClient();

  await client[Symbol.asyncDispose]();

  expect(kms.isClosed).toBe(true);
});

test('close() waits until the transports are closed', async () => {
  const { client, clock, kms } = setUpClient();
  const closed = deferred();
  kms.close = () => closed.promise as unknown as void; // a transport may be asynchronous
  const outcome: string[] = [];
  void client.close().then(() => outcome.push('closed'));

  await clock.pass('1s');
  expect(outcome).toEqual([]);
  closed.resolve();
  await clock.pass(0);

  expect(outcome).toEqual(['closed']);
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
  await clock.pass('375s');

  const { secrets, endpoints, isClosed } = client.describe();

  expect(isClosed).toBe(false);
  expect(secrets).toMatchObject([
    {
      name: 'db',
      stage: 'ACSCurrent',
      versionId: 'v1',
      type: 'Generic',
      age: 375_000,
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

test('its signal aborts when it is closed', async () => {
  const { client } = setUpClient();
  let aborts = 0;
  client.closing.addEventListener('abort', () => (aborts += 1));
  expect(client.closing.aborted).toBe(false);

  await client.close();
  await client.close();

  expect([client.closing.aborted, aborts]).toEqual([true, 1]);
});
