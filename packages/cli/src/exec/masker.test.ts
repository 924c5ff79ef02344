import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Masker, maskPatterns } from './masker.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function masked(
  secrets: readonly string[],
  chunks: readonly string[],
): { readonly outputs: string[]; readonly text: string } {
  const masker = new Masker(secrets.map(encode));
  const outputs = [...chunks.map((chunk) => masker.push(encode(chunk))), masker.end()].map((bytes) =>
    Buffer.from(bytes).toString(),
  );
  return { outputs, text: outputs.join('') };
}

test.each([
  ['a value', ['hunter2'], ['pw hunter2 ok'], 'pw *** ok'],
  ['a value over two chunks', ['hunter2'], ['pw hun', 'ter2 ok'], 'pw *** ok'],
  ['a value byte by byte', ['hunter2'], 'pw hunter2 ok'.split(''), 'pw *** ok'],
  ['the start of a value that does not go on', ['hunter2'], ['pw hun', 'ted'], 'pw hunted'],
  ['the start of a value at the end', ['hunter2'], ['pw hun'], 'pw hun'],
  ['a value that repeats its start', ['aab'], ['aa', 'aab'], 'aa***'],
  ['a longer value with the same start', ['abcd', 'abcdef'], ['abcd', 'ef.'], '***.'],
  ['a shorter value with the same start', ['abcd', 'abcdef'], ['abcd', 'ex'], '***ex'],
  ['values that overlap', ['abcd', 'cdef'], ['abcdef.'], '***.'],
  ['a value after a value', ['abcd'], ['abcd', 'abcd.'], '***.'],
  ['two values with a space', ['abcd'], ['abcd abcd'], '*** ***'],
  ['a value of several bytes a letter', ['密码-密码'], ['x密码-密码y'], 'x***y'],
])('masks %s', (...[, secrets, chunks, expected]) => {
  expect(masked(secrets, chunks).text).toBe(expected);
});

test('passes on at once what cannot be the start of a value', () => {
  expect(masked(['hunter2'], ['Password: ', 'h', 'x']).outputs).toEqual(['Password: ', '', 'hx', '']);
});

test('holds back less than the longest value, however long the output', () => {
  const masker = new Masker([encode('a'.repeat(50))]);
  let written = 0;
  for (let index = 0; index < 1_000; index += 1) written += masker.push(encode('a'.repeat(49))).length;

  // One mask for the run, and no growth.
  expect(written).toBe(3);
  expect(masker.end().length).toBe(0);
});

test('the output does not depend on where it is split', () => {
  const letters = fc.constantFrom('a', 'b');
  const word = fc.array(letters, { minLength: 1, maxLength: 5 }).map((list) => list.join(''));
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 3 }),
      fc.array(letters, { maxLength: 30 }).map((list) => list.join('')),
      fc.array(fc.nat(30), { maxLength: 5 }),
      (secrets, text, cuts) => {
        const at = [
          0,
          ...cuts.map((cut) => cut % (text.length + 1)).toSorted((one, other) => one - other),
          text.length,
        ];
        const chunks = at.slice(1).map((end, index) => text.slice(at[index], end));

        expect(masked(secrets, chunks).text).toBe(masked(secrets, [text]).text);
        expect(masked(secrets, chunks).text).toBe(reference(secrets, text));
      },
    ),
  );
});

/** Marks every occurrence, and replaces each run of marked letters. */
function reference(secrets: readonly string[], text: string): string {
  const marks = Array.from(text, () => false);
  for (const secret of secrets) {
    for (let index = text.indexOf(secret); index !== -1; index = text.indexOf(secret, index + 1)) {
      marks.fill(true, index, index + secret.length);
    }
  }
  return marks.map((mark, index) => (mark ? (marks[index - 1] === true ? '' : '***') : text[index])).join('');
}

test('masks the lines of a value, the strings of its JSON, and how they look in JSON and in URLs', () => {
  const value = JSON.stringify({ user: 'app', password: 's3cret-"pw&', nested: ['s3cret-deep'] });
  const key = '-----BEGIN KEY-----\ns3cret-line-1\ns3cret-line-2\n-----END KEY-----\n';
  const masker = new Masker(maskPatterns([encode(value), encode(key)]));
  const output = [
    's3cret-"pw&',
    JSON.stringify({ pw: 's3cret-"pw&' }),
    encodeURIComponent('s3cret-"pw&'),
    's3cret-deep',
    's3cret-line-2',
    value,
    key,
    'app',
  ].join('|');

  const text = Buffer.concat([masker.push(encode(output)), masker.end()]).toString();

  expect(text.includes('s3cret')).toBe(false);
  expect(text.endsWith('|app')).toBe(true);
});

test('masks bytes that are no text', () => {
  const value = Uint8Array.from([0xff, 0x00, 0xfe, 0x80, 0x81]);
  const masker = new Masker(maskPatterns([value]));

  expect(Buffer.concat([masker.push(Uint8Array.from([1, ...value, 2])), masker.end()])).toEqual(
    Buffer.from([1, ...encode('***'), 2]),
  );
});

test('masks a short value whose letters have several bytes', () => {
  expect(maskPatterns([encode('密码')]).map((pattern) => Buffer.from(pattern).toString())).toContain('密码');
});

test('a value with many parts does not displace another value', () => {
  const many = Array.from({ length: 600 }, (_, index) => `property-${1_000 + index}`);
  const patterns = maskPatterns([encode(JSON.stringify(many)), encode('hunter2')]);

  expect(patterns.map((pattern) => Buffer.from(pattern).toString())).toContain('hunter2');
  expect(patterns.length).toBeLessThanOrEqual(510);
});
