import { expect, test } from 'vitest';
import type { EndpointStatus, ExpiryStatus, SecretStatus, StoreStatus } from '@kms-secrets/next';
import type { Status } from './status.ts';
import {
  ago,
  duration,
  endpointSummary,
  expirySummary,
  headline,
  number,
  pageTitle,
  requestSummary,
  storeSummary,
  versionSummary,
} from './format.ts';

test.each([
  [-5, '0 s'],
  [999, '0 s'],
  [12_345, '12 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [200_000, '3 min 20 s'],
  [3_600_000, '1 h'],
  [7_500_000, '2 h 5 min'],
  [273_600_000, '3 d 4 h'],
])('formats %i ms as %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('formats less than a second ago as just now', () => {
  expect([ago(0), ago(999), ago(61_000)]).toEqual(['just now', 'just now', '1 min 1 s ago']);
});

test.each([
  [{ versionAge: 7_500_000, rotationLag: 3_200 }, 'rotated 2 h 5 min ago, lag 3 s'],
  [{ versionAge: 400, rotationLag: 400 }, 'rotated just now, lag under 1 s'],
  [{ versionAge: 7_500_000, rotationLag: undefined }, 'rotated 2 h 5 min ago'],
  [{ versionAge: undefined, rotationLag: undefined }, ''],
])('the age of a version and its rotation lag: %j', (secret, text) => {
  expect(versionSummary(secret as SecretStatus)).toBe(text);
});

test('groups the digits of large numbers', () => {
  expect([7, 999, 1_234, 1_234_567].map(number)).toEqual(['7', '999', '1\u202f234', '1\u202f234\u202f567']);
});

const fresh = { name: 'db', freshness: 'fresh', lastFailure: undefined };
const failure = { code: 'ERR_SECRET_UNAVAILABLE', message: '', ago: 0, times: 1 };
const stale = { ...fresh, freshness: 'stale', lastFailure: failure };
const healthy = { endpoint: 'kms.one', state: 'healthy' };
const failing = { endpoint: 'kms.two', state: 'failing' };
const identity = { state: 'accepted' };

test.each([
  ['ok', [], [], 'Healthy', 'No secret has been read yet.'],
  ['ok', [fresh], [healthy], 'Healthy', 'The secret in memory is fresh.'],
  ['ok', [fresh, fresh], [healthy], 'Healthy', 'All 2 secrets in memory are fresh.'],
  ['degraded', [fresh, stale], [healthy], 'Degraded', '1 of 2 secrets stale.'],
  ['degraded', [stale, stale], [healthy], 'Degraded', '2 of 2 secrets stale.'],
  [
    'degraded',
    [{ ...fresh, lastFailure: failure }],
    [healthy, failing],
    'Degraded',
    '1 of 1 secret fresh, but with a failed refresh; failing endpoints: kms.two.',
  ],
  [
    'failing',
    [{ ...stale, freshness: 'expired' }, stale],
    [failing],
    'Failing',
    '1 of 2 secrets expired; 1 of 2 secrets stale; failing endpoints: kms.two.',
  ],
])('the headline of a client that is %s has the reasons (%#)', (health, ...[secrets, endpoints, title, detail]) => {
  const status = {
    health,
    identity,
    secrets,
    endpoints,
    stores: [],
    problems: [],
    isClosed: false,
  } as unknown as Status;

  expect(headline(status)).toEqual({ tone: health, title, detail });
});

test('the headline says that the client is closed', () => {
  const status = {
    health: 'failing',
    identity,
    secrets: [fresh],
    endpoints: [healthy],
    stores: [],
    problems: [],
    isClosed: true,
  } as unknown as Status;

  expect(headline(status).detail).toBe('The client is closed.');
});

test('the headline names rejected credentials first, with the code', () => {
  const rejection = { endpoint: 'kms.two', code: 'InvalidAccessKeyId.NotFound', message: '', ago: 0 };
  const status = {
    health: 'degraded',
    identity: { state: 'rejected', rejection },
    secrets: [stale],
    endpoints: [failing],
    stores: [],
    problems: [],
    isClosed: false,
  } as unknown as Status;

  expect(headline(status).detail).toBe(
    'Credentials rejected (InvalidAccessKeyId.NotFound); 1 of 1 secret stale; failing endpoints: kms.two.',
  );
});

test('the headline names failing stores, although every secret is fresh', () => {
  const stores = [
    { store: 'a', state: 'working' },
    { store: 'b', state: 'unavailable' },
  ];
  const status = {
    health: 'degraded',
    problems: [{ kind: 'store', count: 12, names: ['b', 'c'] }],
    identity,
    secrets: [fresh],
    endpoints: [healthy],
    stores,
    isClosed: false,
  } as unknown as Status;

  expect(headline(status).detail).toBe('Failing stores: b, c and 10 more.');
});

const idle: EndpointStatus = {
  endpoint: 'kms.one',
  state: 'healthy',
  attempts: 1_234,
  failures: 0,
  failuresByKind: {},
  inFlight: 0,
  queued: 0,
  breaker: 'closed',
  probeIn: undefined,
  probes: 0,
  cooldownFor: undefined,
  hedges: 0,
  hedgesWon: 0,
  p95: undefined,
  sinceSuccess: undefined,
  failingFor: undefined,
  lastFailure: undefined,
};

test.each([
  [{ attempts: 0 }, 'no requests', 'circuit breaker closed'],
  [{ attempts: 1, failures: 1 }, '1 request · 1 failed', 'circuit breaker closed'],
  [{ p95: 11.2 }, '1 234 requests · none failed', 'circuit breaker closed · p95 12 ms'],
  [
    { inFlight: 2, queued: 3, cooldownFor: 1_000 },
    '1 234 requests · none failed · 2 in flight · 3 queued',
    'circuit breaker closed · throttled, cooldown 1 s',
  ],
  [
    { failures: 5, breaker: 'open', probeIn: 12_000 },
    '1 234 requests · 5 failed',
    'circuit breaker open, next probe in 12 s',
  ],
  [{ breaker: 'open', probeIn: 400 }, '1 234 requests · none failed', 'circuit breaker open, probed by the next fetch'],
  [
    { breaker: 'half-open', hedges: 3, hedgesWon: 1 },
    '1 234 requests · none failed',
    'circuit breaker half-open, probing · 3 hedged requests, 1 won',
  ],
] as const)('summarizes an endpoint with %o', (fields, ...expected) => {
  const endpoint = { ...idle, ...fields };
  const summaries = [requestSummary(endpoint), endpointSummary(endpoint)];

  expect(summaries.map((text) => text.replaceAll('\u202f', ' '))).toEqual(expected);
});

test('counts the pending changes of a store', () => {
  const store: StoreStatus = {
    store: 'file',
    state: 'working',
    unavailableParts: [],
    queued: 0,
    failingFor: undefined,
    dropped: 0,
    lastDropped: undefined,
    lastFailure: undefined,
    keyIds: [],
    foreignKeys: undefined,
  };

  expect([0, 1, 12].map((queued) => storeSummary({ ...store, queued, dropped: queued }))).toEqual([
    'no pending changes',
    '1 pending change · 1 entry dropped',
    '12 pending changes · 12 entries dropped',
  ]);
  expect(storeSummary({ ...store, unavailableParts: ['redis-2:6379'] })).toBe(
    'unavailable: redis-2:6379 · no pending changes',
  );
});

test('an expiry has its time, and how long the renewal fails', () => {
  const expiry: ExpiryStatus = {
    kind: 'ca',
    name: 'CA',
    expiresIn: 90_000,
    lastFailure: undefined,
    failingFor: undefined,
  };

  expect([expiry, { ...expiry, failingFor: 61_000 }, { ...expiry, expiresIn: 0 }].map(expirySummary)).toEqual([
    'expires in 1 min 30 s',
    'expires in 1 min 30 s · renewal failing for 1 min 1 s',
    'expired',
  ]);
});

test('the headline says why an endpoint fails, and the title has the state', () => {
  const endpoint = { ...idle, endpoint: 'kms.one', state: 'failing', lastFailure: { failure: 'throttled' } };
  const status = {
    health: 'degraded',
    identity,
    secrets: [],
    endpoints: [endpoint],
    stores: [],
    problems: [],
    isClosed: false,
  } as unknown as Status;

  expect(headline(status).detail).toBe('Failing endpoints: kms.one (throttled).');
  expect(pageTitle(status, 0)).toBe('Degraded · Secrets');
  expect(pageTitle(status, 4_000)).toBe('No response · Secrets');
});
