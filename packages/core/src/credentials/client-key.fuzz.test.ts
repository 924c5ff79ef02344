import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openClientKey } from './client-key.ts';
import { ClientKeyError } from './client-key-error.ts';
import { contentOf, DerError, derTag, elementsOf, objectIdOf, readDer } from './der.ts';

const { files, password } = JSON.parse(readFileSync(new URL('client-key-shapes.json', import.meta.url), 'utf8')) as {
  readonly files: Readonly<Record<string, string>>;
  readonly password: string;
};

/** Without a MAC and without encryption, a modification reaches every part of the reader. */
const unprotected = Buffer.from(files['plain-no-mac'] ?? '', 'base64');
const withMac = Buffer.from(files['2des'] ?? '', 'base64');

/** Whether the file opens. Any error other than a `ClientKeyError` with a sentence as its message fails the test. */
function opens(json: string, withPassword: string = password): boolean {
  try {
    openClientKey({ json, password: withPassword });
    return true;
  } catch (error) {
    if (!(error instanceof ClientKeyError) || !/^[A-Z].*[.]$/u.test(error.message)) throw error;
    return false;
  }
}

function fileWith(data: Uint8Array): string {
  return JSON.stringify({ KeyId: 'KAAP.1', PrivateKeyData: Buffer.from(data).toString('base64') });
}

interface Modification {
  readonly at: number;
  readonly remove: number;
  readonly insert: Uint8Array;
}

/** Prefers the start of the file: it contains most of the structure, the rest is mostly the key. */
const modification: fc.Arbitrary<Modification> = fc.record({
  at: fc.oneof(fc.nat({ max: 120 }), fc.nat({ max: unprotected.length })),
  remove: fc.nat({ max: 4 }),
  insert: fc.uint8Array({ maxLength: 4 }),
});

function modify(file: Buffer, { at, remove, insert }: Modification): Buffer {
  return Buffer.concat([file.subarray(0, at), insert, file.subarray(at + remove)]);
}

/** The bytes that the MAC of a file covers: the content of the AuthenticatedSafe. */
function authenticatedRange(file: Buffer): { readonly start: number; readonly end: number } {
  const [, safe] = elementsOf(readDer(file)[0], derTag.sequence);
  const [, wrapped] = elementsOf(safe, derTag.sequence);
  const content = contentOf(readDer(contentOf(wrapped, derTag.context0))[0], derTag.octets);
  const start = content.byteOffset - file.byteOffset;
  return { start, end: start + content.length };
}

test('opens both files unmodified', () => {
  expect([opens(fileWith(unprotected)), opens(fileWith(withMac))]).toEqual([true, true]);
});

test('opens any modified file without a MAC or throws a ClientKeyError', () => {
  fc.assert(
    fc.property(fc.array(modification, { minLength: 1, maxLength: 3 }), (modifications) => {
      opens(fileWith(modifications.reduce(modify, unprotected)));
    }),
    { numRuns: 400 },
  );
});

test('rejects any file with a modified byte that its MAC covers', () => {
  const { start, end } = authenticatedRange(withMac);
  expect(end - start).toBeGreaterThan(2_000);
  fc.assert(
    fc.property(fc.integer({ min: start, max: end - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const modified = Buffer.from(withMac);
      modified.writeUInt8(modified.readUInt8(at) ^ mask, at);
      expect(opens(fileWith(modified))).toBe(false);
    }),
    { numRuns: 20 },
  );
});

test('opens any modified file with a MAC or throws a ClientKeyError', () => {
  fc.assert(
    fc.property(modification, (one) => {
      opens(fileWith(modify(withMac, one)));
    }),
    { numRuns: 20 },
  );
});

test('rejects a file that is truncated at any length', () => {
  fc.assert(
    fc.property(fc.nat({ max: unprotected.length - 1 }), (length) => {
      expect(opens(fileWith(unprotected.subarray(0, length)))).toBe(false);
    }),
    { numRuns: 200 },
  );
});

test('rejects random bytes, text and passwords with a ClientKeyError', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (bytes, text) => {
      expect(opens(fileWith(bytes), text)).toBe(false);
      expect(opens(text)).toBe(false);
      expect(opens(JSON.stringify({ KeyId: text, PrivateKeyData: text }))).toBe(false);
    }),
    { numRuns: 200 },
  );
});

test('reads random bytes as DER within their length, or throws a DerError', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(contentSize(Buffer.from(bytes))).toBeLessThanOrEqual(bytes.length);
    }),
  );
});

/** The total content size of all elements; 0 for a DerError. */
function contentSize(bytes: Buffer): number {
  try {
    return readDer(bytes).reduce((size, { content }) => size + content.length, 0);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return 0;
  }
}

test.each([
  ['2a864886f70d010701', '1.2.840.113549.1.7.1'],
  ['2b0e03021a', '1.3.14.3.2.26'],
  ['608648016503040201', '2.16.840.1.101.3.4.2.1'],
  ['8837', '2.999'],
  ['', ''],
])('decodes the object id %s as %s', (hex, id) => {
  expect(objectIdOf({ tag: 0x06, content: Buffer.from(hex, 'hex') })).toBe(id);
});
