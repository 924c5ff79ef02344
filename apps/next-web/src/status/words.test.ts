import { expect, test } from 'vitest';
import type { EndpointStatus, StoreStatus } from '@kms-secrets/core';
import type { Status } from './status.ts';
import { ago, asked, count, headline, owed, span, treated } from './words.ts';

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
])('%i ms are told as %s', (ms, words) => {
  expect(span(ms)).toBe(words);
});

test('what has just happened is not told as 0 s ago', () => {
  expect([ago(0), ago(999), ago(61_000)]).toEqual(['just now', 'just now', '1 min 1 s ago']);
});

test('large numbers are told in groups', () => {
  expect([7, 999, 1_234, 1_234_567].map(count)).toEqual(['7', '999', '1 234', '1 234 567']);
});

const fresh = { name: 'db', freshness: 'fresh', lastFailure: undefined };
const failure = { code: 'ERR_SECRET_UNAVAILABLE', message: '', ago: 0, times: 1 };
const stale = { ...fresh, freshness: 'stale', lastFailure: failure };
const healthy = { endpoint: 'kms.one', state: 'healthy' };
const failing = { endpoint: 'kms.two', state: 'failing' };

test.each([
  ['ok', [], [], 'All is well', 'No secret has been read yet.'],
  ['ok', [fresh], [healthy], 'All is well', 'The one secret in memory is fresh.'],
  ['ok', [fresh, fresh], [healthy], 'All is well', 'All 2 secrets in memory are fresh.'],
  ['degraded', [fresh, stale], [healthy], 'Serving, with trouble', '1 of 2 secrets is past its time.'],
  ['degraded', [stale, stale], [healthy], 'Serving, with trouble', '2 of 2 secrets are past their time.'],
  [
    'degraded',
    [{ ...fresh, lastFailure: failure }],
    [healthy, failing],
    'Serving, with trouble',
    '1 of 1 secret is fresh, but could not be refreshed; no answer from kms.two.',
  ],
  [
    'failing',
    [{ ...stale, freshness: 'expired' }, stale],
    [failing],
    'Secrets cannot be served',
    '1 of 2 secrets is too old to be served; 1 of 2 secrets is past its time; no answer from kms.two.',
  ],
])('%s is told with its reasons (%#)', (health, ...[secrets, endpoints, title, detail]) => {
  const status = { health, secrets, endpoints, stores: [], isClosed: false } as unknown as Status;

  expect(headline(status)).toEqual({ tone: health, title, detail });
});

test('a closed client is told as that', () => {
  const status = {
    health: 'failing',
    secrets: [fresh],
    endpoints: [healthy],
    stores: [],
    isClosed: true,
  } as unknown as Status;

  expect(headline(status).detail).toBe('The client is closed.');
});

test('a store in trouble is told also while all secrets are fresh', () => {
  const stores = [
    { store: 'a', state: 'working' },
    { store: 'b', state: 'unavailable' },
  ];
  const status = {
    health: 'ok',
    secrets: [fresh],
    endpoints: [healthy],
    stores,
    isClosed: false,
  } as unknown as Status;

  expect(headline(status)).toEqual({ tone: 'degraded', title: 'Serving, with trouble', detail: 'Trouble with b.' });
});

const quiet: EndpointStatus = {
  endpoint: 'kms.one',
  state: 'healthy',
  attempts: 1_234,
  failures: 0,
  inFlight: 0,
  queued: 0,
  breaker: 'closed',
  probeIn: undefined,
  probes: 0,
  cooldownFor: undefined,
  hedges: 0,
  hedgesWon: 0,
  p95: undefined,
  lastFailure: undefined,
};

test.each([
  [{ attempts: 0 }, 'never asked', 'breaker closed'],
  [{ attempts: 1, failures: 1 }, 'asked once · 1 failed', 'breaker closed'],
  [{ p95: 11.2 }, 'asked 1 234 times · none failed', 'breaker closed · 95 in 100 answers within 12 ms'],
  [
    { inFlight: 2, queued: 3, cooldownFor: 1_000 },
    'asked 1 234 times · none failed · 2 under way · 3 waiting for their turn',
    'breaker closed · asked after the others for 1 s, because it throttles',
  ],
  [
    { failures: 5, breaker: 'open', probeIn: 12_000 },
    'asked 1 234 times · 5 failed',
    'breaker open, tried again in 12 s',
  ],
  [{ breaker: 'open', probeIn: 400 }, 'asked 1 234 times · none failed', 'breaker open, tried again by the next fetch'],
  [
    { breaker: 'half-open', hedges: 3, hedgesWon: 1 },
    'asked 1 234 times · none failed',
    'breaker half-open, being tried again · stood in for a slow one 3 times, first once',
  ],
] as const)('an endpoint with %o is told as it is', (view, ...told) => {
  const endpoint = { ...quiet, ...view };

  expect([asked(endpoint), treated(endpoint)].map((text) => text.replaceAll('\u202f', ' '))).toEqual(told);
});

test('what a store has yet to hear of is counted', () => {
  const store: StoreStatus = { store: 'file', state: 'working', waiting: 0, lastFailure: undefined };

  expect([0, 1, 12].map((waiting) => owed({ ...store, waiting }))).toEqual([
    'has been told everything',
    '1 secret to be told of',
    '12 secrets to be told of',
  ]);
});
