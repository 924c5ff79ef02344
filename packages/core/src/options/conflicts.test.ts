import { expect, test } from 'vitest';
import { conflictsIn } from './conflicts.ts';
import { optionTable } from './option-table.ts';
import type { SecretClientOptions } from './options.ts';
import { layerOf, resolve } from './resolve.ts';

function conflictsOf(options: SecretClientOptions): readonly string[] {
  const { values, sources } = resolve(optionTable, [layerOf(options, 'option')]);
  return conflictsIn(values, sources).map(
    ({ key, source, got = '', expected }) => `${key}|${source}|${got}|${expected}`,
  );
}

test('an option at its default never conflicts', () => {
  expect(conflictsOf({})).toEqual([]);
  expect(conflictsOf({ hedge: false, breaker: false })).toEqual([]);
  expect(conflictsOf({ attemptTimeout: '100ms', breaker: { maxOpenTime: '500ms' } })).toEqual([]);
});

test('rejects a hedge delay that is not below the attempt timeout', () => {
  expect(conflictsOf({ hedge: { delay: '4s' } })).toEqual([
    'hedge.delay|option|4s|less than attemptTimeout (4s), after which the next endpoint is used anyway',
  ]);
  expect(conflictsOf({ hedge: { delay: '900ms' }, attemptTimeout: '1s' })).toEqual([]);
});

test('rejects an open time above its maximum', () => {
  expect(conflictsOf({ breaker: { openTime: '1m' } })).toEqual([
    'breaker.openTime|option|1m|at most breaker.maxOpenTime (30s)',
  ]);
});

test.each<[SecretClientOptions, readonly string[]]>([
  [
    { connectTimeout: '5s' },
    ['connectTimeout|option|5s|at most attemptTimeout (4s), which includes the time to connect'],
  ],
  [{ connectTimeout: '5s', attemptTimeout: '5s' }, []],
  [{ retry: { baseDelay: '11s' } }, ['retry.baseDelay|option|11s|at most retry.maxDelay (10s)']],
  [{ retry: { baseDelay: '1s', maxDelay: '1s' } }, []],
  [
    { retry: { backoff: () => 1, baseDelay: '1s' } },
    ['retry.baseDelay|option|1s|no value together with retry.backoff, which returns the delays itself'],
  ],
  [
    { retry: { backoff: () => 1, maxDelay: '1s' } },
    ['retry.maxDelay|option|1s|no value together with retry.backoff, which returns the delays itself'],
  ],
  [{ retry: { backoff: () => 1 } }, []],
  [
    { preload: ['a', 'b'], limits: { maxEntries: 1 } },
    ['preload|option|2 names|at most limits.maxEntries (1) names, because all of them stay in memory'],
  ],
  [{ preload: ['a'], limits: { maxEntries: 1 } }, []],
])('rejects contradicting options: %j', (options, conflicts) => {
  expect(conflictsOf(options)).toEqual(conflicts);
});

test('reports all conflicts together', () => {
  expect(conflictsOf({ breaker: { openTime: '1m' }, hedge: { delay: '10s' } })).toHaveLength(2);
});
