import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  authorization,
  canonicalQuery,
  canonicalRequest,
  emptyBodyHash,
  percentEncode,
  signatureDate,
  signatureNonce,
  signedNames,
  stringToSign,
} from './sign.ts';

interface Vector {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly canonicalQuery: string;
  readonly canonicalRequest: string;
  readonly stringToSign: string;
  readonly authorization: string;
}

const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as {
  readonly percentEncode: readonly { readonly in: string; readonly out: string }[];
  readonly acs3: readonly Vector[];
};

test.each(vectors.percentEncode)('encodes "$in" as "$out"', ({ in: text, out }) => {
  expect(percentEncode(text)).toBe(out);
});

test.each(vectors.acs3)('signs $id like the official SDKs', (vector) => {
  const query = canonicalQuery(sorted(vector.query));
  const headers = sorted(signedHeaders(vector.headers));

  const request = {
    method: vector.method,
    path: vector.path,
    query,
    headers,
    signed: signedNames(Object.keys(headers)),
    bodyHash: createHash('sha256').update(vector.body).digest('hex'),
  };

  expect(query).toBe(vector.canonicalQuery);
  expect(canonicalRequest(request)).toBe(vector.canonicalRequest);
  expect(stringToSign(request)).toBe(vector.stringToSign);
  expect(authorization(request, vector)).toBe(vector.authorization);
});

test('omits an undefined parameter from the query', () => {
  expect(canonicalQuery({ A: undefined, B: '', C: 'c' })).toBe('B=&C=c');
});

test('has the documented hash of an empty body', () => {
  expect(emptyBodyHash).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('formats the date without a fraction', () => {
  expect(signatureDate(Date.UTC(2026, 0, 2, 3, 4, 5, 678))).toBe('2026-01-02T03:04:05Z');
});

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function signedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name === 'host' || name.startsWith('x-acs-')));
}

test.each([
  [0, '1970-01-01T00:00:00Z'],
  [999, '1970-01-01T00:00:00Z'],
  [1_000, '1970-01-01T00:00:01Z'],
  [-1, '1969-12-31T23:59:59Z'],
  [1_767_323_045_678, '2026-01-02T03:04:05Z'],
  [1_767_323_045_000, '2026-01-02T03:04:05Z'],
  [1_767_323_044_999, '2026-01-02T03:04:04Z'],
])('formats %d as %s, whatever date is cached', (milliseconds, date) => {
  expect(signatureDate(milliseconds)).toBe(date);
});

test('makes a nonce of 128 random bits for each request', () => {
  const nonces = Array.from({ length: 1_000 }, signatureNonce);

  expect(new Set(nonces).size).toBe(1_000);
  expect(nonces.filter((nonce) => !/^[\da-f]{32}$/u.test(nonce))).toEqual([]);
});
