import { expect, test } from 'vitest';
import { count, duration, durationText, flag, layerOf, milliseconds, oneOf, resolve, share } from './rows.ts';

const table = {
  ttl: duration({ default: 60_000, min: 1_000, max: 3_600_000, variable: 'X_TTL' }),
  tries: count({ default: 5, min: 1, max: 20 }),
  isLoud: flag({ default: false }),
  order: oneOf(['code', 'reference'], { default: 'code' }),
};

function mistakes(options: object): string[] {
  return resolve(table, [layerOf(options, 'option')]).issues.map(
    ({ key, got, expected }) => `${key}: ${got ?? ''}: ${expected}`,
  );
}

test.each([
  ['15m', 900_000],
  ['90s', 90_000],
  ['1500ms', 1_500],
  ['1.5s', 1_500],
  ['60000', 60_000],
  [60_000, 60_000],
])('%s is a duration', (given, expected) => {
  expect(resolve(table, [layerOf({ ttl: given }, 'option')]).values.ttl).toBe(expected);
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
])('%s is no duration from 1s to 1h, and the answer says what is', (given) => {
  const [mistake] = mistakes({ ttl: given });

  expect(mistake).toMatch(/^ttl: .*a duration from 1s to 1h, as milliseconds or with a unit$/u);
});

test.each([
  [0.1, 0.1],
  ['0.25', 0.25],
  [1, 1],
])('%s is a share', (given, expected) => {
  expect(share({ default: 0.5 }).parse(given)).toEqual({ value: expected });
});

test.each([0, -0.1, 1.01, Number.NaN, '', '10%', true, null])(
  '%s is no share, and the answer says what is',
  (given) => {
    expect(share({ default: 0.5 }).parse(given)).toMatchObject({ issues: [{ expected: 'a number above 0, up to 1' }] });
  },
);

test('undefined is as good as not set', () => {
  expect(resolve(table, [layerOf({ ttl: undefined }, 'option')])).toMatchObject({
    values: { ttl: 60_000 },
    issues: [],
  });
});

test('the first layer that sets an option wins, and the winner is known', () => {
  const { values, sources } = resolve(table, [
    layerOf({ ttl: undefined, tries: 2 }, 'option'),
    layerOf({ ttl: '2s', tries: 9 }, 'variable'),
  ]);

  expect(values).toEqual({ ttl: 2_000, tries: 2, isLoud: false, order: 'code' });
  expect([...sources]).toEqual([
    ['ttl', 'variable'],
    ['tries', 'option'],
  ]);
});

test('all mistakes come together, unknown options with the known ones', () => {
  expect(mistakes({ ttl: -1, tries: 2.5, isLoud: 'yes', order: 'mine', tll: 5 })).toEqual([
    'ttl: -1: a duration from 1s to 1h, as milliseconds or with a unit',
    'tries: 2.5: a whole number from 1 to 20',
    "isLoud: 'yes': true or false",
    "order: 'mine': 'code' or 'reference'",
    'tll: : one of the options ttl, tries, isLoud, order',
  ]);
});

test('an option named like a property of every object is unknown, not found', () => {
  expect(mistakes({ constructor: 1, toString: 2 })).toHaveLength(2);
});

test('what a person reads as a duration is what was meant', () => {
  expect([1_000, 90_000, 900_000, 86_400_000, 1_500].map((length) => durationText(length))).toEqual([
    '1s',
    '90s',
    '15m',
    '1d',
    '1500ms',
  ]);
  expect(milliseconds(durationText(5_400_000))).toBe(5_400_000);
});
