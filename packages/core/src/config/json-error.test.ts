import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findJsonError } from './json-error.ts';

test.each([
  ['', 0],
  ['  ', 2],
  ['[', 1],
  ['[{"regionId":"cn-hangzhou"}', 27],
  ["[{'regionId':1}]", 2],
  ['[{regionId:1}]', 2],
  ['[{"a":1,}]', 8],
  ['[1,]', 3],
  ['[1 2]', 3],
  ['{"a" 1}', 5],
  ['{"a":}', 5],
  ['{"a":1]', 6],
  ['[1}', 2],
  ['"abc', 4],
  ['"a\\x"', 2],
  ['[01]', 2],
  ['[truth]', 1],
  ['[]]', 2],
  ['[1],', 3],
  ['{"a":"b"}x', 9],
])('%j is invalid at %i', (text, at) => {
  expect(findJsonError(text)).toBe(at);
});

test('finds an error exactly where JSON.parse throws', () => {
  const pieces = fc.constantFrom(
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '1',
    '-',
    '0.5e3',
    'true',
    'null',
    ' ',
  );
  const arbitrary = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));

  fc.assert(
    fc.property(fc.oneof(fc.json(), arbitrary), (text) => {
      expect(findJsonError(text) === undefined).toBe(isJson(text));
    }),
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
