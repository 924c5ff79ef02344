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

test('reports all conflicts together', () => {
  expect(conflictsOf({ breaker: { openTime: '1m' }, hedge: { delay: '10s' } })).toHaveLength(2);
});
