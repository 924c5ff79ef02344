import { expect, test } from 'vitest';
import { conflictsIn } from './conflicts.ts';
import { layerOf, resolve } from './rows.ts';
import { optionTable } from './options.ts';
import type { SecretClientOptions } from './options.ts';

function conflictsOf(options: SecretClientOptions): readonly string[] {
  const { values, sources } = resolve(optionTable, [layerOf(options, 'option')]);
  return conflictsIn(values, sources).map(
    ({ key, source, got = '', expected }) => `${key}|${source}|${got}|${expected}`,
  );
}

test('the defaults contradict nobody', () => {
  expect(conflictsOf({})).toEqual([]);
  expect(conflictsOf({ hedge: false, breaker: false })).toEqual([]);
  expect(conflictsOf({ attemptTimeout: '100ms', breakerOpenTimeCap: '500ms', maxRequestsPerSecond: 1 })).toEqual([]);
});

test.each<[SecretClientOptions, string]>([
  [{ hedge: false, hedgeDelay: '1s' }, 'hedgeDelay'],
  [{ hedge: false, hedgeShare: 0.2 }, 'hedgeShare'],
  [{ breaker: false, breakerFailures: 3 }, 'breakerFailures'],
  [{ breaker: false, breakerFailureRate: 0.3 }, 'breakerFailureRate'],
  [{ breaker: false, breakerWindow: '1m' }, 'breakerWindow'],
  [{ breaker: false, breakerMinCalls: 5 }, 'breakerMinCalls'],
  [{ breaker: false, breakerOpenTime: '2s' }, 'breakerOpenTime'],
  [{ breaker: false, breakerOpenTimeCap: '2m' }, 'breakerOpenTimeCap'],
])('%j sets what it switches off', (options, key) => {
  expect(conflictsOf(options)).toEqual([expect.stringMatching(new RegExp(`^${key}\\|option\\|a value together with`))]);
});

test('a hedge that would come after the end of the attempt is refused, with both numbers', () => {
  expect(conflictsOf({ hedgeDelay: '4s' })).toEqual([
    'hedgeDelay|option|4s|less than attemptTimeout (4s), after which the next endpoint is asked anyway',
  ]);
  expect(conflictsOf({ hedgeDelay: '900ms', attemptTimeout: '1s' })).toEqual([]);
});

test('an open time that is longer than its cap is refused', () => {
  expect(conflictsOf({ breakerOpenTime: '1m' })).toEqual([
    'breakerOpenTime|option|1m|at most breakerOpenTimeCap (30s)',
  ]);
});

test('a share of failures that could never be looked at is refused', () => {
  expect(conflictsOf({ breakerMinCalls: 100, breakerWindow: '10s', maxRequestsPerSecond: 5 })).toEqual([
    'breakerMinCalls|option|100|at most 55, which is all that maxRequestsPerSecond lets into breakerWindow',
  ]);
});

test('all contradictions are told together', () => {
  expect(conflictsOf({ breaker: false, breakerOpenTime: '1m', hedgeDelay: '10s' })).toHaveLength(2);
});
