import { FakeClock, FakeStore } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { FetchFailure } from '../ports/transport.ts';
import {
  dbRequest,
  fakeEndpoint,
  hour,
  setUpClient,
  setUpClientWithStore,
  setUpWarmClient,
  storedSecret,
} from './client.fixture.ts';
import { errorLink } from '../secret/error-link.fixture.ts';

test('serves the stale value while the identity is rejected, and drops nothing', async () => {
  const { client, clock, kms, events } = await setUpWarmClient();
  kms.fail('identity');
  await clock.pass('6m');

  const secret = await client.get('db');

  expect([secret.versionId, secret.stale]).toEqual(['v1', true]);
  expect(events('dropped')).toEqual([]);
  expect(events('stale')).toMatchObject([{ name: 'db', error: { code: 'ERR_IDENTITY_REJECTED' } }]);
});

test('the stale value ends with staleIfError, as in an outage', async () => {
  const { client, clock, kms, events } = await setUpWarmClient({ staleIfError: '1h' });
  kms.fail('identity');
  await clock.pass('70m');

  const read = client.get('db').catch((error: unknown) => error);
  await clock.pass('10s');

  expect(await read).toMatchObject({ code: 'ERR_IDENTITY_REJECTED' });
  expect(events('dropped')).toMatchObject([{ reason: 'expired' }]);
});

test('reports a rejected identity once for all secrets and endpoints', async () => {
  const names = ['db', 'key', 'token'];
  const [kms, fallback] = [fakeEndpoint('kms.example', names), fakeEndpoint('kms.fallback', names)];
  for (const transport of [kms, fallback]) Object.assign(transport, { identity: 'credentials' });
  const { client, clock, lines, events } = setUpClient({ endpoints: [kms, fallback], ttl: '5m' });
  await client.getMany(names);
  const error = new FetchFailure('identity', 'kms.example responded with status 404.', {
    code: 'InvalidAccessKeyId.NotFound',
  });
  kms.fail(error);
  fallback.fail(error);
  await clock.pass('10m');
  const rejected = [...events('identity')];

  kms.heal();
  fallback.heal();
  await clock.pass('1m');

  expect(rejected).toEqual([
    {
      state: 'rejected',
      endpoint: 'kms.example',
      code: 'InvalidAccessKeyId.NotFound',
      message: 'kms.example responded with status 404.',
    },
  ]);
  expect(events('identity').slice(1)).toMatchObject([{ state: 'accepted', code: undefined, message: undefined }]);
  expect(lines.filter((line) => line.startsWith('error '))).toEqual([
    'error The identity of this client is rejected: kms.example responded with status 404. Cached secrets are served as stale, and requests are retried.',
  ]);
  expect(lines.filter((line) => line.includes('is failing'))).toEqual([]);
  expect(lines).toContain('info The identity of this client is accepted again.');
  expect(client.health()).toMatchObject({ status: 'ok', identity: 'accepted' });
});

test('shows a rejected identity in health() and describe()', async () => {
  const { client, clock, kms } = setUpClient({ ttl: '5m' });
  const before = client.describe().identity;
  await client.get('db');
  const accepted = client.describe().identity;
  kms.fail('identity');
  await clock.pass('6m');

  expect([before.state, accepted.state]).toEqual(['unknown', 'accepted']);
  expect(client.health()).toMatchObject({ status: 'degraded', identity: 'rejected' });
  const { state, rejection } = client.describe().identity;
  expect([state, rejection?.endpoint]).toEqual(['rejected', 'kms.example']);
  expect(rejection?.ago).toBeGreaterThan(30_000);
});

test('a refusal of a secret is no rejection of the identity', async () => {
  const { client, kms, events } = await setUpWarmClient();
  kms.fail('denied');
  await client.refresh('db').catch(() => {});

  expect(client.health().identity).toBe('accepted');
  expect(events('identity')).toEqual([]);
});

test('refreshes every secret soon after the identity is accepted again', async () => {
  const names = ['db', 'key'];
  const { client, clock, kms } = setUpClient({ names, ttl: '5m' });
  await client.getMany(names);
  kms.fail('identity');
  await clock.pass('10m');
  kms.heal();

  await client.refresh('db');
  await clock.pass('2s');

  expect(client.peek('key')?.stale).toBe(false);
});

test('retries with backoff, and the read succeeds', async () => {
  const { client, clock, kms } = setUpClient();
  kms.fail('identity');
  const read = client.get('db');
  await clock.pass(1);
  const early = kms.requests.length;
  kms.heal();
  await clock.pass('10s');

  expect([early, (await read).versionId]).toEqual([1, 'v1']);
});

test('a first read fails after its attempts with an error that is not cached', async () => {
  const { client, clock, kms } = setUpClient();
  kms.fail('identity');
  const read = client.get('db').catch((error: unknown) => error);
  await clock.pass('10s');
  const attempts = kms.requests.length;
  kms.heal();

  const secret = await client.get('db');

  expect(await read).toMatchObject({
    name: 'IdentityRejectedError',
    code: 'ERR_IDENTITY_REJECTED',
    secretName: 'db',
    endpoint: 'kms.example',
    attempts: Array.from({ length: 5 }, () => ({ failure: 'identity' })),
    message: [
      'Secret "db" (ACSCurrent) could not be fetched: the identity of this client is rejected.',
      '  - kms.example: 5 attempts, last error (identity): Injected fault at kms.example: identity.',
      errorLink('ERR_IDENTITY_REJECTED'),
    ].join('\n'),
  });
  expect([attempts, secret.versionId, client.stats().cachedErrors]).toEqual([5, 'v1', 0]);
});

test('fails over to an endpoint with an identity of its own, and opens no breaker', async () => {
  const { client, kms, events } = setUpClient({ hasFallback: true });
  kms.fail('identity');

  for (let reads = 0; reads < 10; reads += 1) await client.refresh('db');

  expect(kms.requests).toHaveLength(10);
  expect(events('breaker')).toEqual([]);
  expect(client.health()).toMatchObject({ status: 'degraded', identity: 'rejected' });
});

test('ready() fails after the attempts, and does not wait for readyTimeout', async () => {
  const { client, clock, kms } = setUpClient({ preload: ['db'], readyTimeout: '5m' });
  kms.fail('identity');
  const startedAt = clock.now();
  const ready = client.ready().then(
    () => 'ready',
    (error: unknown) => [clock.now() - startedAt < 10_000, error],
  );
  await clock.pass('1m');

  expect(await ready).toMatchObject([true, { code: 'ERR_SECRET_SET' }]);
  kms.heal();
  await clock.pass('1m');
  expect(client.peek('db')?.versionId).toBe('v1');
});

test('ready() succeeds with stale values of a store', async () => {
  const { client, clock, kms, store } = setUpClientWithStore({ ttl: '5m', preload: ['db'] });
  store.put(dbRequest, storedSecret(clock, { age: hour }));
  kms.fail('identity');

  await client.ready();

  expect((await client.get('db')).stale).toBe(true);
  expect(store.size).toBe(1);
});

test('hook.recover is called before a read fails because of the identity', async () => {
  const { client, clock, kms } = setUpClient({
    hook: { recover: async () => (await setUpWarmClient()).client.get('db') },
    retry: { maxAttempts: 1 },
  });
  kms.fail('identity');
  const read = client.get('db');
  await clock.pass('1s');

  expect((await read).stale).toBe(true);
});

test.each([
  ['identity', false, 'v1'],
  ['denied', true, undefined],
] as const)('retry.classify cannot change whether %s drops a secret', async (failure, serveStale, versionId) => {
  const { client, clock, kms, store } = setUpClientWithStore({
    ttl: '5m',
    retry: { maxAttempts: 1, classify: () => ({ serveStale }) },
  });
  await client.get('db');
  kms.fail(failure);
  await clock.pass('6m');

  expect(client.peek('db')?.versionId).toBe(versionId);
  expect(store.size).toBe(versionId === undefined ? 0 : 1);
});

test('retry.classify can end the retries of a rejected identity', async () => {
  const { client, kms } = setUpClient({
    retry: { classify: ({ failure }) => (failure === 'identity' ? { retry: false, failover: false } : undefined) },
  });
  kms.fail('identity');

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_IDENTITY_REJECTED' });
  expect(kms.requests).toHaveLength(1);
});

test('one process with a wrong key removes nothing from the store of its fleet', async () => {
  const clock = new FakeClock();
  const shared = new FakeStore({ isShared: true, clock });
  const start = (name: string) => {
    const kms = fakeEndpoint('kms.example', ['db']);
    const fixture = setUpClient({ clock, kms, store: shared.join(name), ttl: '5m', retry: { maxAttempts: 1 } });
    return { ...fixture, kms };
  };
  const good = start('good');
  const bad = start('bad');
  await good.client.get('db');
  await bad.client.get('db');
  const messages: unknown[] = [];
  shared.subscribe?.((event) => messages.push(event));
  bad.kms.fail('identity');

  await bad.client.refresh('db').catch(() => {});
  await bad.client.get('other').catch(() => {});
  await clock.pass('1s');

  expect(shared.size).toBe(1);
  expect(messages).toEqual([]);
  expect((await bad.client.get('db')).versionId).toBe('v1');
  const restarted = start('restarted');
  restarted.kms.fail('unreachable');
  expect((await restarted.client.get('db')).versionId).toBe('v1');
});
