// What the status page and the health route show in each incident of docs/operations.md.

import { createSecretClient, healthResponse } from '@kms-secrets/next';
import type { ExpiryStatus, SecretClient, SecretClientOptions } from '@kms-secrets/next';
import { FakeClock, FakeStore, FakeTransport, startFakeKms } from '@kms-secrets/testing';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, onTestFinished, test } from 'vitest';
import { Board } from './board.tsx';
import { statusOf } from './status.ts';
import type { Status } from './status.ts';

const day = 86_400_000;

interface Stage {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
}

/** A client that has read `db`, with a TTL of five minutes. */
async function setUp(options: SecretClientOptions = {}): Promise<Stage> {
  const clock = new FakeClock();
  const kms = fakeEndpoint('kms.example');
  const client = createSecretClient({
    endpoints: [kms],
    clock,
    ttl: '5m',
    retry: { maxAttempts: 1 },
    preload: ['db'],
    ...options,
  });
  onTestFinished(() => client.close());
  await client.ready();
  return { client, clock, kms };
}

function fakeEndpoint(endpoint: string): FakeTransport {
  const transport = new FakeTransport(endpoint);
  transport.put('db', 'v1');
  return transport;
}

/** The response of the health route: its status, and the kinds of its problems. */
function healthOf(client: SecretClient): readonly [number, readonly string[]] {
  const { status, body } = healthResponse(client.health());
  return [status, (body as { readonly problems: readonly { kind: string }[] }).problems.map(({ kind }) => kind)];
}

/** The page as text: a line for each element. */
function pageOf(status: Status): string {
  const markup = renderToStaticMarkup(createElement(Board, { status, silentFor: 0 }));
  return markup
    .replaceAll(/<\/?(?:strong|code|wbr)[^>]*>/gu, '')
    .replaceAll(/<[^>]*>/gu, '\n')
    .replaceAll(/\n{2,}/gu, '\n')
    .replaceAll('&quot;', '"');
}

const page = (client: SecretClient): string => pageOf(statusOf(client));

test('KMS is down: the page names the endpoint, the stale secret, and when it expires', async () => {
  const { client, clock, kms } = await setUp();
  kms.fail('unreachable');
  await clock.pass('6m');

  expect(page(client)).toContain('Degraded\n1 of 1 secret stale; failing endpoints: kms.example (unreachable).');
  expect(page(client)).toContain('expires in 23 h 59 min');
  expect(page(client)).toMatch(/ERR_SECRET_UNAVAILABLE[^]*failing for/u);
  expect(healthOf(client)).toEqual([200, ['stale', 'refresh', 'endpoint']]);
});

test('an outage that is over leaves no failure on the page', async () => {
  const { client, clock, kms } = await setUp();
  kms.fail('unreachable');
  await clock.pass('6m');
  const during = page(client);
  kms.heal();
  await clock.pass('1m');

  expect(during).toContain('Injected fault');
  expect(page(client)).toContain('Healthy\nThe secret in memory is fresh.');
  expect(page(client)).not.toContain('Injected fault');
});

test('KMS throttles: the page says that the endpoint is throttled', async () => {
  const { client, clock, kms } = await setUp();
  kms.fail('throttled');
  await clock.pass('295s');

  expect(page(client)).toContain('failing endpoints: kms.example (throttled).');
  expect(page(client)).toContain('1 of 1 secret fresh, but with a failed refresh');
  expect(page(client)).toMatch(/\ndb\n[^]*ERR_SECRET_UNAVAILABLE/u);
  expect(healthOf(client)).toEqual([200, ['refresh', 'endpoint']]);
});

test('one region is down: the page names its endpoint, and the secret is fresh', async () => {
  const kms = fakeEndpoint('kms.example');
  const { client, clock } = await setUp({ endpoints: [kms, fakeEndpoint('kms.fallback')] });
  kms.fail('unreachable');
  await clock.pass('10m');

  expect(page(client)).toContain('Degraded\nFailing endpoints: kms.example (unreachable).');
  expect(page(client)).toMatch(/\ndb\n[^]*?\nFresh\n/u);
  expect(page(client)).toMatch(/circuit breaker closed/u);
  for (let fetches = 0; fetches < 5; fetches += 1) await client.refresh('db');
  expect(page(client)).toMatch(/circuit breaker open, (?:next probe in|probed by the next fetch)/u);
  expect(healthOf(client)).toEqual([200, ['endpoint']]);
});

test.each([
  ['denied', 'ERR_ACCESS_DENIED'],
  ['notFound', 'ERR_SECRET_NOT_FOUND'],
] as const)('a secret is %s: the page lists it as refused, and the probe fails', async (failure, code) => {
  const { client, clock, kms } = await setUp();
  kms.fail(failure, 'db');
  await clock.pass('5m');

  expect(page(client)).toContain('Failing\n1 of 1 secret refused.');
  expect(page(client)).toContain(code);
  expect(healthOf(client)).toEqual([503, ['missing', 'refused']]);
});

test.each([
  ['the credentials are rejected', 'InvalidAccessKeyId.NotFound'],
  ['the clock is wrong', 'InvalidTimeStamp.Expired'],
])('%s: the page shows the code %s', async (_incident, code) => {
  const { client, clock, kms } = await setUp();
  const rejection = Object.assign(new Error('kms.example rejected the request.'), { failure: 'identity', code });
  kms.fail(rejection);
  await clock.pass('6m');

  expect(page(client)).toContain(`Credentials rejected (${code}); 1 of 1 secret stale`);
  expect(page(client)).toMatch(/\ndb\n[^]*ERR_IDENTITY_REJECTED/u);
  expect(page(client)).toMatch(/\nkms\.example\n[^]*kms\.example rejected the request\./u);
  expect(healthOf(client)[0]).toBe(200);
  expect(healthOf(client)[1][0]).toBe('identity');
});

test('temporary credentials cannot be renewed: the page shows when they expire', async () => {
  const { client } = await setUp();
  const status = statusOf(client);
  const name = 'Credentials of kms.example';
  const expiry: ExpiryStatus = {
    kind: 'credentials',
    name,
    expiresIn: 600_000,
    lastFailure: 'STS does not respond.',
    failingFor: 61_000,
  };
  const problem = { kind: 'expiring', status: 'degraded', count: 1, names: [name], since: 61_000 } as const;

  const text = pageOf({
    ...status,
    health: 'degraded',
    problems: [{ ...problem, expiresIn: 600_000 }],
    expiries: [expiry],
  });

  expect(text).toContain(`Degraded\nExpiring: ${name}.`);
  expect(text).toContain('expires in 10 min · renewal failing for 1 min 1 s\nSTS does not respond.');
});

test.each([
  ['Redis is unavailable', ['read', 'write']],
  ['the folder of a store is full or read-only', ['write']],
] as const)('%s: the page names the store, and the secret is fresh', async (_incident, operations) => {
  const store = new FakeStore();
  const { client, clock } = await setUp({ stores: store });
  store.fail('throw', ...operations);
  await clock.pass('6m');

  expect(page(client)).toContain(`Degraded\nFailing stores: ${store.name}.`);
  expect(page(client)).toMatch(/Stores\n[^]*\n(?:Failing|Unavailable)\n[^]*\nfailed\b/u);
  expect(page(client)).toMatch(/1 pending change\n/u);
  expect(healthOf(client)).toEqual([200, ['store']]);
});

test('the key of a store is wrong: the page shows both keys', async () => {
  const store = new FakeStore({ isShared: true });
  const { client, clock } = await setUp({ stores: store });
  const reason = 'other processes use the prefix my-app with the key 1965b9144a848d44, which this one does not have';
  store.emit({ kind: 'foreignKeys', keyIds: ['1965b9144a848d44'], reason });
  await clock.pass('1m');

  expect(page(client)).toContain(`Degraded\nFailing stores: ${store.name}.`);
  expect(page(client)).toMatch(/\nforeign keys\b[^]*with the key 1965b9144a848d44, which this one does not have\./u);
  expect(healthOf(client)).toEqual([200, ['store']]);
});

test('a CA is about to expire: the page shows its date in time', async () => {
  const kms = await startFakeKms();
  onTestFinished(() => kms.close());
  const { endpoint } = kms.endpoint('cn-hangzhou');
  const clock = new FakeClock();
  const settings = { credentials: kms.accessKey, endpoints: [{ endpoint, caFilePath: kms.caFilePath }], clock };
  const client = createSecretClient(settings);
  onTestFinished(() => client.close());
  const [valid] = client.describe().expiries;
  expect(page(client)).toMatch(/Expiry\n[^]*\nValid\n/u);
  clock.setDate(clock.date() + (valid?.expiresIn ?? 0) - 5 * day);

  expect(page(client)).toContain(`Degraded\nExpiring: ${valid?.name}.`);
  expect(page(client)).toMatch(/\nExpiring\nexpires in 5 d\n/u);
  expect(healthOf(client)).toEqual([200, ['expiring']]);
});

test('many secrets: the page shows the 200 worst, and how many there are', async () => {
  const { client } = await setUp();
  const status = statusOf(client);
  const [secret] = status.secrets;
  const fresh = Array.from({ length: 250 }, (_, index) => ({ ...secret, name: `prod/${index}` }));
  const expired = { ...secret, name: 'prod/expired', freshness: 'expired' };

  const text = pageOf({ ...status, secrets: [...fresh, expired] as Status['secrets'] });

  expect(text).toContain('\n200 of 251 secrets\n');
  expect(text.match(/\nprod\/\w+\n/gu)).toHaveLength(200);
  expect(text).toContain('\nprod/expired\n');
});

test('a rotation is missed: the page names the secret and the date', async () => {
  const { client, clock, kms } = await setUp();
  const nextAt = clock.date() + day;
  kms.put('db', 'v1', { rotation: { state: 'Enabled', interval: day, lastAt: undefined, nextAt } });
  await client.refresh('db');
  await clock.pass('25h');

  expect(page(client)).toContain('Degraded\nRotation missed: db.');
  expect(page(client)).toContain('rotation missed: 2026-01-03 03:04 UTC');
  expect(healthOf(client)).toEqual([200, ['rotation']]);
});
