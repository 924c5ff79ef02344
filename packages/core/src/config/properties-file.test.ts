import { expect, test } from 'vitest';
import { parseProperties } from './properties-file.ts';

function values(text: string): Record<string, string> {
  const parsed = parseProperties(text);
  if ('invalidLine' in parsed) throw new Error(`line ${parsed.invalidLine}`);
  return Object.fromEntries(parsed.properties.map(({ key, value }) => [key, value]));
}

test.each([
  ['several equals signs', 'a=b=c==', { a: 'b=c==' }],
  ['a number sign in a value', 'a=b#c # d', { a: 'b#c # d' }],
  ['comments', '# one\n! two\n  # three\na=1', { a: '1' }],
  ['a colon or a space as separator', 'a:1\nb 2\nc = 3', { a: '1', b: '2', c: '3' }],
  ['escapes', String.raw`a=x\ty\\z\=\"q\"`, { a: 'x\ty\\z="q"' }],
  ['escaped characters', String.raw`a=\u6570\u636E`, { a: '数据' }],
  ['unescaped characters', 'a=数据', { a: '数据' }],
  ['continued lines', 'a=one,\\\n    two,\\\r\n\tthree', { a: 'one,two,three' }],
  ['CRLF and CR', 'a=1\r\nb=2\rc=3\n', { a: '1', b: '2', c: '3' }],
  ['a byte order mark', '\uFEFFa=1', { a: '1' }],
  ['a key alone', 'a\nb=', { a: '', b: '' }],
  ['dots in keys', 'a.b=1', { 'a.b': '1' }],
  ['spaces before a key', '   a=1', { a: '1' }],
  ['names of object properties', '__proto__=1\nconstructor=2', { constructor: '2', ['__proto__']: '1' }],
])('reads %s like Java', (_, text, expected) => {
  expect(values(text)).toEqual(expected);
});

test('returns the first line of every property', () => {
  const parsed = parseProperties('# comment\n\na=1,\\\n  2\nb=3\na=4');

  expect(parsed).toEqual({
    properties: [
      { key: 'a', value: '1,2', raw: '1,2', line: 3 },
      { key: 'b', value: '3', raw: '3', line: 5 },
      { key: 'a', value: '4', raw: '4', line: 6 },
    ],
  });
});

test.each([
  [String.raw`a=1` + '\n' + String.raw`b=\u12 s3cret-1`, 2],
  [String.raw`path=C:\\users\users`, 1],
  [String.raw`a=\\u0` + '\n' + String.raw`b=\\\u0`, 2],
  [String.raw`# in C:\users` + '\n' + String.raw`path=C:\users`, 2],
  ['a=1,\\\n# \\u12', 2],
])('reports only the line of an invalid escape', (text, line) => {
  expect(parseProperties(text)).toEqual({ invalidLine: line });
});
