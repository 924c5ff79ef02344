import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openClientKey } from './client-key.ts';
import { ClientKeyError } from './client-key-error.ts';
import { DerError, objectIdOf, readDer } from './der.ts';

const { files, password } = JSON.parse(readFileSync(new URL('client-key-shapes.json', import.meta.url), 'utf8')) as {
  readonly files: Readonly<Record<string, string>>;
  readonly password: string;
};

/** Without a MAC and without encryption nothing stops a change at the gate: it gets to every part of the reader. */
const open = Buffer.from(files['plain-no-mac'] ?? '', 'base64');
const checked = Buffer.from(files['2des'] ?? '', 'base64');

/** Opened, or refused as `ClientKeyProblem`; anything else fails the test. */
function tryOut(json: string, withPassword: string = password): void {
  try {
    openClientKey({ json, password: withPassword });
  } catch (error) {
    if (!(error instanceof ClientKeyError) || !/^[A-Z].*[.]$/u.test(error.message)) throw error;
  }
}

function fileWith(data: Uint8Array): string {
  return JSON.stringify({ KeyId: 'KAAP.1', PrivateKeyData: Buffer.from(data).toString('base64') });
}

interface Change {
  readonly at: number;
  readonly cut: number;
  readonly put: Uint8Array;
}

/** Most of the structure is in the head of the file and around the bags; a change there is worth more than one in the key. */
const change: fc.Arbitrary<Change> = fc.record({
  at: fc.oneof(fc.nat({ max: 120 }), fc.nat({ max: open.length })),
  cut: fc.nat({ max: 4 }),
  put: fc.uint8Array({ maxLength: 4 }),
});

function changed(file: Buffer, { at, cut, put }: Change): Buffer {
  return Buffer.concat([file.subarray(0, at), put, file.subarray(at + cut)]);
}

test('whatever is changed in a file, it is opened or refused in words', () => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) =>
      tryOut(fileWith(changes.reduce(changed, open))),
    ),
    { numRuns: 400 },
  );
});

test('a changed file that has a MAC is refused in words', () => {
  fc.assert(
    fc.property(change, (one) => tryOut(fileWith(changed(checked, one)))),
    { numRuns: 20 },
  );
});

test('wherever a file is cut off, it is refused in words', () => {
  fc.assert(
    fc.property(fc.nat({ max: open.length - 1 }), (length) => tryOut(fileWith(open.subarray(0, length)))),
    { numRuns: 200 },
  );
});

test('any bytes, any text and any password are opened or refused in words', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (bytes, text) => {
      tryOut(fileWith(bytes), text);
      tryOut(text);
      tryOut(JSON.stringify({ KeyId: text, PrivateKeyData: text }));
    }),
    { numRuns: 200 },
  );
});

test('any bytes are DER or a DerProblem, however long they say they are', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(sizeOfAll(Buffer.from(bytes))).toBeLessThanOrEqual(bytes.length);
    }),
  );
});

/** Bytes that all elements hold together; 0 if they are refused as what they are. */
function sizeOfAll(bytes: Buffer): number {
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
])('the object id %s is %s', (hex, id) => {
  expect(objectIdOf({ tag: 0x06, content: Buffer.from(hex, 'hex') })).toBe(id);
});
