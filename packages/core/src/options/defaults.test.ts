import { expect, test } from 'vitest';
import { optionTable } from './option-table.ts';
import type { OptionRow } from './rows.ts';

const seconds = 1_000;
const hours = 3_600_000;

/** Every default that is a number, a word or a switch. A change of one is a change of behaviour, and belongs into a changeset. */
const defaults: Readonly<Record<string, unknown>> = {
  precedence: 'code',
  stage: 'ACSCurrent',
  ttl: hours,
  'refresh.ttlProperty': 'ttl',
  staleIfError: 24 * hours,
  negativeTtl: 10 * seconds,
  deadline: 10 * seconds,
  staleDeadline: seconds,
  attemptTimeout: 4 * seconds,
  connectTimeout: 2 * seconds,
  'retry.maxAttempts': 5,
  'retry.baseDelay': 250,
  'retry.maxDelay': 10 * seconds,
  'hedge.share': 0.1,
  'breaker.failures': 5,
  'breaker.failureRate': 0.5,
  'breaker.window': 30 * seconds,
  'breaker.openTime': seconds,
  'breaker.maxOpenTime': 30 * seconds,
  'limits.maxEntries': 100_000,
  'limits.maxPinned': 10_000,
  'limits.requestsPerSecond': 225,
  'limits.concurrentRequests': 256,
  storeTimeout: 500,
  readyTimeout: 30 * seconds,
};

const rows = Object.entries(optionTable).flatMap(([key, row]): (readonly [path: string, row: OptionRow<unknown>])[] =>
  'rows' in row
    ? Object.entries<OptionRow<unknown>>(row.rows).map(([member, one]) => [`${key}.${member}`, one])
    : [[key, row]],
);

test.each(rows)('%s has the default that users rely on', (path, row) => {
  const isPlain = ['number', 'string', 'boolean'].includes(typeof row.default);

  expect(isPlain ? row.default : undefined).toBe(defaults[path]);
});

test('lists no default of an option that does not exist', () => {
  expect(Object.keys(defaults).filter((path) => rows.every(([option]) => option !== path))).toEqual([]);
});
