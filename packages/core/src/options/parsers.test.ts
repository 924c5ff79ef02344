import { expect, test } from 'vitest';
import { parseNames, parseText } from './parsers.ts';

test.each([
  ['blue', 'blue'],
  ['  blue ', 'blue'],
  ['x'.repeat(4_096), 'x'.repeat(4_096)],
])('text is trimmed, and up to 4,096 characters long', (text, value) => {
  expect(parseText(text)).toEqual({ value });
});

test.each([['x'.repeat(4_097)], [''], ['  '], ['two\nlines'], ['tab\there'], [7], [undefined], [{}]])(
  'rejects %j as text',
  (value) => {
    expect(parseText(value)).toBeUndefined();
  },
);

test.each([
  ['a, b,a', ['a', 'b']],
  [['x'.repeat(300)], ['x'.repeat(300)]],
  [[], []],
])('names may be a list or a string, without repetition: %j', (names, value) => {
  expect(parseNames(names)).toEqual({ value });
});

test.each([
  [['a', ''], '[1]'],
  ['a,,b', '[1]'],
  [['x'.repeat(301)], '[0]'],
  [[7], '[0]'],
])('reports the place of a wrong name: %j', (names, at) => {
  expect(parseNames(names)).toEqual({ issues: [expect.objectContaining({ at, expected: 'the name of a secret' })] });
});

test('names are a list or a string', () => {
  expect([7, undefined, {}].map(parseNames)).toEqual([undefined, undefined, undefined]);
});
