import { expect, test } from 'vitest';
import { parseIni } from './ini-file.ts';

/** The sections as `name@line`, each with its values. */
function sections(text: string): Record<string, Record<string, string>> {
  return Object.fromEntries(
    Array.from(parseIni(text), ([name, { line, values }]) => [`${name}@${line}`, Object.fromEntries(values)]),
  );
}

test.each([
  ['comments behind sections and values', '[a]   # one\nb = c   # two\nd=e;three', { 'a@1': { b: 'c', d: 'e' } }],
  ['comment lines', '# [x]\n; b=c\n[a]\n  # d=e\nf=g', { 'a@3': { f: 'g' } }],
  ['escaped comment signs', String.raw`[a]` + '\n' + String.raw`b = c\#d\;e`, { 'a@1': { b: 'c#d;e' } }],
  ['quotes', '[a]\nb = "c # d"\ne = \'f\' # g', { 'a@1': { b: 'c # d', e: 'f' } }],
  ['several equals signs', '[a]\nb=c==', { 'a@1': { b: 'c==' } }],
  ['white space and CRLF', ' [ a ] \r\n\t b = c \r\n', { 'a@1': { b: 'c' } }],
  ['a section in two parts', '[a]\nb=1\n[c]\n[a]\nd=2\nb=3', { 'a@1': { b: '3', d: '2' }, 'c@3': {} }],
  ['empty values and keys alone', '[a]\nb=\nc\nd = # e', { 'a@1': {} }],
  ['values before the first section', 'a=1\n[b]\nc=2', { 'b@2': { c: '2' } }],
  ['names of object properties', '[__proto__]\nconstructor=1', { ['__proto__@1']: { constructor: '1' } }],
])('reads %s', (_, text, expected) => {
  expect(sections(text)).toEqual(expected);
});
