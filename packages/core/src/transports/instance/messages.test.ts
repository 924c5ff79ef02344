import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clientKeyVectors } from '../loopback.fixture.ts';
import { decodeResponse, encodeRequest, readInstanceError } from './messages.ts';
import { ProtobufError } from './protobuf.ts';

const { protobuf } = clientKeyVectors;

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

test.each(protobuf.request)('$id is encoded as the official clients encode it', ({ message, hex }) => {
  expect(encodeRequest(message).toString('hex')).toBe(hex);
});

test.each(protobuf.response)('$id is decoded', ({ message, hex }) => {
  expect(Object.fromEntries(decodeResponse(bytes(hex)))).toEqual(message);
});

test.each(protobuf.decodeOnly)('$id is decoded', ({ decodesAs, hex }) => {
  expect(Object.fromEntries(decodeResponse(bytes(hex)))).toEqual(decodesAs);
});

test.each(protobuf.malformed)('$id is refused', ({ hex }) => {
  expect(() => decodeResponse(bytes(hex))).toThrow(ProtobufError);
});

test.each(protobuf.error)('$id tells its code and its request id', ({ message, hex }) => {
  expect(readInstanceError(bytes(hex))).toEqual({ code: message.ErrorCode, requestId: message.RequestId });
});

test.each([
  ['a number where a text belongs', '0801', 'field 1 is not a text'],
  ['fixed bytes where a text belongs', '1d01020304', 'field 3 is not a text'],
  ['fixed bytes that are cut off', '7d0102', 'field 15 is longer'],
  ['a text that is no UTF-8', '1a02c328', 'field 3 is not UTF-8'],
  ['a text of 4 GiB', '1affffffff0f00', 'field 3 is longer'],
  ['a text of 16 EiB', '1affffffffffffffffff0100', 'field 3 is longer'],
  ['field number 0', '0200', 'a number that cannot be'],
  ['a field number beyond all', '8280808080804000', 'a number that cannot be'],
  ['the end of a group', '3c', 'of a kind that cannot be'],
  ['the beginning of a group', '7b', 'of a kind that cannot be'],
  ['wire type 7', '0f', 'of a kind that cannot be'],
])('%s is refused in words', (_, hex, words) => {
  expect(() => decodeResponse(bytes(hex))).toThrow(words);
});

test('an empty value is a value, and every other empty text is left out', () => {
  expect(Object.fromEntries(decodeResponse(bytes('0a0012001a00')))).toEqual({ SecretData: '', VersionStages: [] });
});

test.each(['<html>502</html>', '{"Code":"Throttling"}', 'upstream connect error', ''])(
  'a body of %j is no error of KMS',
  (body) => {
    expect(readInstanceError(Buffer.from(body))).toEqual({});
  },
);

const answers = [...protobuf.response, ...protobuf.decodeOnly].map(({ hex }) => bytes(hex));

/** Decoded, or refused as `ProtobufProblem`; anything else fails the test. */
function tryOut(body: Buffer): 'decoded' | 'refused' {
  readInstanceError(body);
  try {
    decodeResponse(body);
    return 'decoded';
  } catch (error) {
    if (error instanceof ProtobufError) return 'refused';
    throw error;
  }
}

test('whatever the bytes are, they are decoded or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (body) => ['decoded', 'refused'].includes(tryOut(Buffer.from(body)))),
    { numRuns: 1_000 },
  );
});

test('whatever is changed in an answer, it is decoded or refused', () => {
  const change = fc.record({
    answer: fc.constantFrom(...answers),
    at: fc.nat({ max: 320 }),
    cut: fc.nat({ max: 4 }),
    put: fc.uint8Array({ maxLength: 11 }),
  });
  fc.assert(
    fc.property(change, ({ answer, at, cut, put }) => {
      tryOut(Buffer.concat([answer.subarray(0, at), put, answer.subarray(at + cut)]));
    }),
    { numRuns: 1_000 },
  );
});

test('what was encoded is decoded as it was, whatever the texts', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 });
  fc.assert(
    fc.property(text, text, (SecretName, SecretType) => {
      const body = encodeRequest({ SecretName, VersionStage: SecretType });
      expect(Object.fromEntries(decodeResponse(body))).toMatchObject({ SecretName, SecretType });
    }),
  );
});
