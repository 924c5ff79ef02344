import { expect, test } from 'vitest';
import { count, custom, duration, flag, group, oneOf, share, unset } from './rows.ts';
import type { OptionRow } from './rows.ts';

const ttl = duration({ default: 60_000, min: 1_000, max: 3_600_000 });

/** The value, or what the row expects instead. */
function parse(row: OptionRow<unknown>, value: unknown): unknown {
  const result = row.parse(value);
  return 'value' in result ? result.value : result.issues.map(({ got = 'nothing', expected }) => `${got}: ${expected}`);
}

test.each([
  ['15m', 900_000],
  ['90s', 90_000],
  ['1500ms', 1_500],
  ['1.5s', 1_500],
  ['60000', 60_000],
  [60_000, 60_000],
])('accepts %j as a duration', (given, ms) => {
  expect(parse(ttl, given)).toBe(ms);
});

test.each([
  0,
  Number.NaN,
  -1,
  Number.POSITIVE_INFINITY,
  999,
  '15',
  '15 min',
  'm',
  '',
  '1h30m',
  true,
  null,
  {},
  [],
  '2h',
])('rejects %j as a duration from 1s to 1h', (given) => {
  expect(parse(ttl, given)).toEqual([expect.stringMatching(/: a duration from 1s to 1h, such as 1m$/u)]);
});

test('an unset row has no default and parses like the row it is made from', () => {
  const row = unset(ttl, 'measured');

  expect(row).toMatchObject({ default: undefined, shown: 'measured' });
  expect(parse(row, '2s')).toBe(2_000);
});

test.each([
  [1, 1],
  [20, 20],
  ['7', 7],
])('accepts %j as a whole number', (given, number) => {
  expect(parse(count({ default: 5, min: 1, max: 20 }), given)).toBe(number);
});

test.each([0, 21, 2.5, '', ' ', 'five', true, null])('rejects %j as a whole number from 1 to 20', (given) => {
  expect(parse(count({ default: 5, min: 1, max: 20 }), given)).toEqual([
    expect.stringMatching(/: a whole number from 1 to 20$/u),
  ]);
});

test.each([
  [0.1, 0.1],
  ['0.25', 0.25],
  [1, 1],
])('accepts %j as a share', (given, number) => {
  expect(parse(share({ default: 0.5 }), given)).toBe(number);
});

test.each([0, -0.1, 1.01, Number.NaN, '', '10%', true, null])('rejects %j as a share', (given) => {
  expect(parse(share({ default: 0.5 }), given)).toEqual([expect.stringMatching(/: a number above 0, up to 1$/u)]);
});

test('a flag is true or false, also as a string', () => {
  const row = flag({ default: false });

  expect([true, 'true', false, 'false'].map((given) => parse(row, given))).toEqual([true, true, false, false]);
  expect(parse(row, 'yes')).toEqual(['"yes": true or false']);
  expect(parse(row, 1)).toEqual(['1: true or false']);
});

test('a word is one of the given words', () => {
  const row = oneOf(['code', 'official'], { default: 'code' });

  expect(parse(row, 'official')).toBe('official');
  expect(parse(row, 'mine')).toEqual(['"mine": "code" or "official"']);
});

test('a custom row that holds a secret shows nothing of a rejected value', () => {
  const options = { default: '', expected: 'a key', parse: () => undefined };

  expect(parse(custom(options), 'short')).toEqual(['"short": a key']);
  expect(parse(custom({ ...options, isSecret: true }), 'short')).toEqual(['a string of 5 characters: a key']);
});

test('a group names its members', () => {
  expect(group({ canBeOff: false, rows: { ttl, share: ttl } }).expected).toBe('an object with ttl, share');
  expect(group({ canBeOff: true, rows: { ttl } }).expected).toBe('false, or an object with ttl');
});
