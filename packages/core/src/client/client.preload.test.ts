import { FakeStore } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { setUpClient } from './client.fixture.ts';

test('ready() reads the names to preload; nothing is requested before', async () => {
  const { client, kms } = setUpClient({ preload: ['db'] });
  expect(kms.requests).toEqual([]);

  await client.ready();

  expect(client.peek('db')?.versionId).toBe('v1');
});

test('with a store, every name is read at once', async () => {
  const names = Array.from({ length: 45 }, (_, index) => `name-${index}`);
  const { client, clock } = setUpClient({ names, preload: names, store: new FakeStore() });
  void client.ready();

  await clock.pass(0);

  expect(names.filter((name) => client.peek(name) === undefined)).toEqual([]);
});

test('ready() resolves without names and leaves no timer', async () => {
  const { client, clock } = setUpClient();

  await expect(client.ready()).resolves.toBeUndefined();
  expect(clock.pendingTimers).toBe(0);
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

test('ready() waits between its retries', async () => {
  const { client, clock, kms } = setUpClient({ preload: ['db'], readyTimeout: '30s', retry: { maxAttempts: 1 } });
  // Without a delay, retries without pauses would never let the clock advance.
  kms.delayResponses(10, clock);
  kms.fail('unreachable');
  const ready = client.ready();
  ready.catch(() => {});

  await clock.pass('30s');

  await expect(ready).rejects.toMatchObject({ code: 'ERR_SECRET_SET' });
  // The backoff doubles from 1 s to 10 s; with a random number of 0.5 it waits 0.5, 1, 2, 4, 5, 5, 5 and 5 s.
  expect(kms.requests.length).toBe(9);
});

test('ready() does not retry a name that KMS refuses', async () => {
  const { client, clock, kms } = setUpClient({ preload: ['typo'] });

  await expect(client.ready()).rejects.toMatchObject({ code: 'ERR_SECRET_SET' });

  expect(kms.requests.length).toBe(1);
  expect(clock.now()).toBe(0);
});

test('ready() reports the last failure rather than its timeout', async () => {
  const options = { readyTimeout: '5s', attemptTimeout: '10s', retry: { maxAttempts: 1 } } as const;
  const { client, clock, kms } = setUpClient({ preload: ['db'], ...options });
  kms.fail('unreachable');
  const ready = client.ready();
  ready.catch(() => {});
  await clock.pass(10);
  kms.fail('hang');

  await clock.pass('5s');

  await expect(ready).rejects.toThrow(/kms\.example: 1 attempt, error \(unreachable\): Injected fault/u);
});

test('ready() rejects with all failures', async () => {
  const { client, clock, kms } = setUpClient({ preload: ['db', 'typo', 'down'], readyTimeout: '5s' });
  kms.fail('unreachable', 'down');
  const ready = client.ready();
  ready.catch(() => {});

  await clock.pass('5s');

  await expect(ready).rejects.toThrow(
    /2 of 3 secrets could not be preloaded.*typo: Secret "typo".*was not found.*down: Secret "down"/su,
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

test('ready() waits at most staleDeadline for an optional name that hangs', async () => {
  const { client, clock, kms } = setUpClient({
    preload: ['db', 'flags'],
    secrets: { flags: { optional: true } },
    staleDeadline: '1s',
  });
  kms.fail('hang', 'flags');
  let isReady = false;
  void client.ready().then(() => (isReady = true));

  await clock.pass(999);
  const wasReady = isReady;
  await clock.pass(1);

  expect([wasReady, isReady]).toEqual([false, true]);
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

test.each([
  ['an outage longer than staleIfError', 'unreachable'],
  ['a refusal that is revoked', 'denied'],
] as const)('fetches a preloaded name again after %s', async (_what, failure) => {
  const { client, clock, kms } = setUpClient({ ttl: '5m', preload: ['db'], staleIfError: '5m' });
  await client.ready();
  kms.fail(failure);
  await clock.pass('15m');
  expect(client.peek('db')).toBeUndefined();

  kms.heal();
  await clock.pass('1m');

  expect(client.peek('db')).toMatchObject({ versionId: 'v1', stale: false });
});

test('preload() requires its names within a time of its own', async () => {
  const { client, clock, kms } = setUpClient({ preload: ['other'], secrets: { db: { optional: true } } });
  kms.fail('hang');
  const preloaded = client.preload(['db'], { timeout: 5_000 });
  preloaded.catch(() => {});

  await clock.pass('5s');

  await expect(preloaded).rejects.toThrow(/1 of 1 secret could not be preloaded:[^]*db: .*5000 ms/u);
  expect(kms.requests.every(({ name }) => name === 'db')).toBe(true);
  expect(client.stats().pinned).toBe(1);
});

test('preload() retries during an outage shorter than readyTimeout', async () => {
  const { client, clock, kms } = setUpClient({ readyTimeout: '30s', retry: { maxAttempts: 1 } });
  kms.fail('unreachable');
  const preloaded = client.preload(['db']);
  await clock.pass('15s');

  kms.heal();
  await clock.pass('15s');

  await preloaded;
  expect(client.peek('db')?.versionId).toBe('v1');
});

test('preload() resolves without its optional names', async () => {
  const { client, lines } = setUpClient();

  await client.preload(['db', 'typo'], { optional: ['typo'] });

  expect(client.peek('db')?.versionId).toBe('v1');
  expect(lines).toContain('warn Ready without the optional secret "typo".');
});

test('preload() keeps its names fresh until its subscription is disposed of', async () => {
  const { client, clock } = setUpClient();
  const preloaded = await client.preload(['db']);

  await clock.pass('12h');
  expect(client.peek('db')).toMatchObject({ stale: false });
  preloaded();
  await clock.pass('12h');

  expect(client.describe().secrets).toEqual([]);
  expect(client.stats().pinned).toBe(0);
});

test('preload() refuses an invalid name and pins none', async () => {
  const { client } = setUpClient();

  await expect(client.preload(['db', ''])).rejects.toMatchObject({ code: 'ERR_REQUEST_REJECTED' });

  expect(client.stats().pinned).toBe(0);
});
