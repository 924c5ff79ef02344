import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { SecretClient } from './client.ts';
import { createSecretClient } from '../create-client.ts';
import type { SecretEvents } from '../secret/events.ts';
import type { SecretClientOptions } from '../options/options.ts';

interface Setup {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
  readonly lines: string[];
}

function setup(options: SecretClientOptions = {}): Setup {
  const clock = new FakeClock();
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const lines: string[] = [];
  const log = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  return { client: createSecretClient({ endpoints: [kms], clock, logger, ...options }), clock, kms, lines };
}

test('the refresher has fetched before the TTL ends, so that no reader waits', async () => {
  const { client, clock, kms } = setup({ ttl: '1h' });
  await client.get('db');
  kms.put('db', 'v2');

  await clock.pass('1h');

  expect(client.peek('db')).toMatchObject({ versionId: 'v2', stale: false });
  expect(kms.requests.length).toBe(2);
});

test('a rotation is told with both versions, a refresh without one as a refresh', async () => {
  const { client, kms } = setup();
  const told: string[] = [];
  client.on('refreshed', ({ name, versionId }) => told.push(`refreshed ${name} ${versionId ?? ''}`));
  client.on('rotated', ({ secret, previousVersionId }) =>
    told.push(`rotated ${previousVersionId} ${secret.versionId}`),
  );
  await client.get('db');
  await client.refresh('db');
  kms.put('db', 'v2');

  await client.refresh('db');

  expect(told).toEqual(['refreshed db v1', 'refreshed db v2', 'rotated v1 v2']);
  expect(client.stats().rotations).toBe(1);
});

test('a managed secret is fetched shortly after the rotation that KMS announced', async () => {
  const { client, clock, kms } = setup({ ttl: '24h' });
  const rotation = { state: 'Enabled', interval: 604_800_000, lastAt: undefined } as const;
  kms.put('db', 'v1', { rotation: { ...rotation, nextAt: clock.date() + 60_000 } });
  await client.get('db');
  kms.put('db', 'v2', { rotation: { ...rotation, nextAt: clock.date() + 700_000_000 } });

  await clock.pass('75s');

  expect(client.peek('db')?.versionId).toBe('v2');
});

test('a TTL that a secret asks for in seconds by mistake is raised, with one warning', async () => {
  const { client, clock, kms, lines } = setup();
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
])('a listener that %s is reported and ends nothing', async (_how, listener) => {
  const { client, clock, kms, lines } = setup({ ttl: '5m', idleTtl: 0 });
  for (const name of ['refreshed', 'failed', 'stale', 'dropped', 'rotated', 'endpoint'] as const)
    client.on(name, listener);
  let heard = 0;
  client.on('refreshed', () => (heard += 1));
  await client.get('db');
  await clock.pass('15m');

  expect(heard).toBeGreaterThan(2);
  kms.fail('unreachable');
  await clock.pass('6m');
  expect((await client.get('db')).stale).toBe(true);
  kms.fail('denied');
  await clock.pass('1m');
  expect(lines).toContain('error A listener for "refreshed" failed: Error was thrown');
  expect(lines).toContain('error A listener for "dropped" failed: Error was thrown');
});

test('a listener can leave, and one given twice is told twice', async () => {
  const { client } = setup();
  const versions: string[] = [];
  const listener = ({ versionId }: SecretEvents['refreshed']): void => void versions.push(versionId ?? '');
  const leave = client.on('refreshed', listener);
  client.on('refreshed', listener);
  await client.get('db');
  await client.refresh('db');

  leave();
  await client.refresh('db');

  expect(versions).toEqual(['v1', 'v1', 'v1']);
});

test('a logger that throws costs its line and nothing else', async () => {
  const broken = (): never => {
    throw new Error('disk full');
  };
  const { client, clock, kms } = setup({
    ttl: '5m',
    logger: { debug: broken, info: broken, warn: broken, error: broken },
  });
  await client.get('db');
  kms.fail('unreachable');
  await clock.pass('6m');

  expect((await client.get('db')).stale).toBe(true);
});

test('ready waits for the names to preload, and asks for nothing before', async () => {
  const { client, kms } = setup({ preload: ['db'] });
  expect(kms.requests).toEqual([]);

  await client.ready();

  expect(client.peek('db')?.versionId).toBe('v1');
});

test('ready without names is ready', async () => {
  await expect(setup().client.ready()).resolves.toBeUndefined();
});

test('ready outlives an outage that is shorter than its time', async () => {
  const { client, clock, kms } = setup({ preload: ['db'], readyTimeout: '30s' });
  kms.fail('unreachable');
  const ready = client.ready();
  await clock.pass('15s');

  kms.heal();
  await clock.pass('15s');

  await ready;
  expect(client.peek('db')?.versionId).toBe('v1');
});

test('ready rejects with all that failed: at once for what KMS refuses, with its time for an outage', async () => {
  const { client, clock, kms } = setup({ preload: ['db', 'typo', 'away'], readyTimeout: '5s' });
  kms.fail('unreachable', 'away');
  const ready = client.ready();
  ready.catch(() => {});

  await clock.pass('5s');

  await expect(ready).rejects.toThrow(
    /2 of 3 secrets could not be preloaded.*typo: Secret "typo".*was not found.*away: Secret "away"/su,
  );
});

test('ready whose time is over before the first read is tells what had failed by then', async () => {
  const { client, clock, kms } = setup({ preload: ['db'], readyTimeout: '1s', attemptTimeout: 400 });
  kms.fail('hang');
  const ready = client.ready();
  ready.catch(() => {});

  await clock.pass('1s');

  await expect(ready).rejects.toThrow(
    /1 of 1 secret could not be preloaded:.*within its deadline of 1000 ms.*kms\.example: 2 attempts, last error \(unreachable\)/su,
  );
});

test('an optional name does not hold up ready, and is tried again in the background', async () => {
  const { client, clock, kms, lines } = setup({
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

test('close ends reads in flight, leaves no timer, closes the transports, and can be called twice', async () => {
  const { client, clock, kms } = setup({ preload: ['db'] });
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
  const [closing, again] = [client.close(), client.close()];

  expect(again).toBe(closing);
  await closing;
  const [slow, signalled] = await outcomes;
  expect(slow).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CLIENT_CLOSED' } });
  expect(signalled).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CLIENT_CLOSED' } });
  expect(kms.isClosed).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

test('after close every read says that the client is closed', async () => {
  const { client, kms } = setup({ preload: ['db'] });
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

test('ready in progress ends with close', async () => {
  const { client, clock, kms } = setup({ preload: ['db'] });
  kms.fail('hang');
  const ready = client.ready();
  ready.catch(() => {});
  await clock.pass(10);

  await client.close();

  await expect(ready).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
  expect(clock.pendingTimers).toBe(0);
});

test('a client is closed at the end of its scope', async () => {
  const { client, kms } = setup();

  await client[Symbol.asyncDispose]();

  expect(kms.isClosed).toBe(true);
});

test('a transport that cannot be closed does not keep the client open', async () => {
  const { client, kms, lines } = setup();
  kms.close = () => {
    throw new Error('stuck');
  };

  await client.close();

  expect(lines).toContain('error An endpoint could not be closed: Error was thrown');
});

test('a transport that ignores its signal keeps neither a read nor close waiting', async () => {
  const { client, clock, kms } = setup();
  kms.fetch = () => new Promise(() => {});
  const read = client.get('db');
  read.catch(() => {});
  await clock.pass(10);

  await client.close();

  await expect(read).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
});

test('an endpoint that begins to fail, and answers again, is told once each', async () => {
  const { client, clock, kms } = setup({ ttl: '5m' });
  const told: SecretEvents['endpoint'][] = [];
  client.on('endpoint', (event) => told.push(event));
  await client.get('db');
  kms.fail('throttled');
  await clock.pass('6m');
  kms.heal();
  await clock.pass('1m');

  expect(told).toEqual([
    { endpoint: 'kms.example', state: 'failing', failure: 'throttled' },
    { endpoint: 'kms.example', state: 'healthy', failure: undefined },
  ]);
});

test('describe tells an operator everything but the value', async () => {
  const { client, clock, kms } = setup({ ttl: '5m' });
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

test('a set-back of the calendar keeps nothing fresh for longer', async () => {
  const { client, clock, kms } = setup({ ttl: '1h' });
  await client.get('db');
  clock.setDate(clock.date() - 86_400_000);
  kms.put('db', 'v2');

  await clock.pass('1h');

  expect(client.peek('db')?.versionId).toBe('v2');
});
