import { expect, test } from 'vitest';
import { formatDuration, milliseconds } from './duration.ts';

test('formats milliseconds in the largest unit that divides them', () => {
  expect([1_000, 90_000, 900_000, 86_400_000, 1_500].map((ms) => formatDuration(ms))).toEqual([
    '1s',
    '90s',
    '15m',
    '1d',
    '1500ms',
  ]);
});

test('parses what it formats', () => {
  expect(milliseconds(formatDuration(5_400_000))).toBe(5_400_000);
});
