import { expect, test } from 'vitest';
import type { Status } from './status.ts';
import { ago, count, headline, span } from './words.ts';

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
const answering = { endpoint: 'kms.one', state: 'answering' };
const failing = { endpoint: 'kms.two', state: 'failing' };

test.each([
  ['ok', [], [], 'All is well', 'No secret has been read yet.'],
  ['ok', [fresh], [answering], 'All is well', 'The one secret in memory is fresh.'],
  ['ok', [fresh, fresh], [answering], 'All is well', 'All 2 secrets in memory are fresh.'],
  ['degraded', [fresh, stale], [answering], 'Serving, with trouble', '1 of 2 secrets is past its time.'],
  [
    'degraded',
    [{ ...fresh, lastFailure: failure }],
    [answering, failing],
    'Serving, with trouble',
    '1 of 1 secret is fresh, but could not be refreshed; no answer from kms.two.',
  ],
  [
    'failing',
    [{ ...stale, freshness: 'spent' }, stale],
    [failing],
    'Secrets cannot be served',
    '1 of 2 secrets is too old to be served; 1 of 2 secrets is past its time; no answer from kms.two.',
  ],
])('%s is told with its reasons (%#)', (health, ...[secrets, endpoints, title, detail]) => {
  const status = { health, secrets, endpoints, isClosed: false } as unknown as Status;

  expect(headline(status)).toEqual({ title, detail });
});

test('a closed client is told as that', () => {
  const status = { health: 'failing', secrets: [fresh], endpoints: [answering], isClosed: true } as unknown as Status;

  expect(headline(status).detail).toBe('The client is closed.');
});
