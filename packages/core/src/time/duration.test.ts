import { expect, test } from 'vitest';
import { describeDuration, formatDuration, milliseconds } from './duration.ts';

test('formats milliseconds in the largest unit that divides them', () => {
  expect([1_000, 90_000, 900_000, 86_400_000, 1_500].map((ms) => formatDuration(ms))).toEqual([
    '1s',
    '90s',
    '15m',
    '1d',
    '1500ms',
  ]);
});

test.each([
  ['250', 250],
  ['250ms', 250],
  ['1.5s', 1_500],
  ['15m', 900_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
  [' 1 s ', 1_000],
  ['1w', Number.NaN],
  ['-1s', Number.NaN],
  ['', Number.NaN],
])('parses "%s" as %d ms', (text, ms) => {
  expect(milliseconds(text)).toBe(ms);
});

test('parses what it formats', () => {
  expect(milliseconds(formatDuration(5_400_000))).toBe(5_400_000);
});

test('describes a duration in its two largest units', () => {
  expect([0, 731.4, 12_345, 90_000, 4_337_912, 7_200_000, 90_061_000].map((ms) => describeDuration(ms))).toEqual([
    '0 ms',
    '731 ms',
    '12 s',
    '1 min 30 s',
    '1 h 12 min',
    '2 h',
    '1 d 1 h',
  ]);
});
