import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { canonicalQuery, percentEncode } from './percent-encode.ts';

const { percentEncode: vectors } = JSON.parse(
  readFileSync(new URL('signature-vectors.json', import.meta.url), 'utf8'),
) as { percentEncode: { in: string; out: string }[] };

test.each(vectors)('encodes $in as $out', ({ in: text, out }) => {
  expect(percentEncode(text)).toBe(out);
});

test('sorts parameters by UTF-8 bytes, not by UTF-16 units', () => {
  const parameters = new Map([
    ['\u{1F600}', '1'],
    ['\uFF5E', '2'],
    ['b', '3'],
    ['B', '4'],
  ]);

  expect(canonicalQuery(parameters)).toBe('B=4&b=3&%EF%BD%9E=2&%F0%9F%98%80=1');
});
