import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clientKeyVectors } from '../loopback.fixture.ts';
import { decodeResponse, encodeRequest, readInstanceError } from './messages.ts';
import { ProtobufError } from './protobuf.ts';

const { protobuf } = clientKeyVectors;

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

test.each(protobuf.request)('encodes $id like the official clients', ({ message, hex }) => {
  expect(encodeRequest(message).toString('hex')).toBe(hex);
});

test.each(protobuf.response)('decodes $id', ({ message, hex }) => {
  expect(decodeResponse(bytes(hex))).toEqual(message);
});

test.each(protobuf.decodeOnly)('decodes $id', ({ decodesAs, hex }) => {
  expect(decodeResponse(bytes(hex))).toEqual(decodesAs);
});

test.each(protobuf.malformed)('rejects $id', ({ hex }) => {
  expect(() => decodeResponse(bytes(hex))).toThrow(ProtobufError);
});

test.each(protobuf.error)('reads code and request id of $id', ({ message, hex }) => {
  expect(readInstanceError(bytes(hex))).toEqual({ code: message.ErrorCode, requestId: message.RequestId });
});

test.each([
  ['a varint as a string field', '0801', 'field 1 is not a string'],
  ['fixed bytes as a string field', '1d01020304', 'field 3 is not a string'],
  ['truncated fixed bytes', '7d0102', 'field 15 is longer'],
  ['invalid UTF-8', '1a02c328', 'field 3 is not UTF-8'],
  ['a string of 4 GiB', '1affffffff0f00', 'field 3 is longer'],
  ['a string of 16 EiB', '1affffffffffffffffff0100', 'field 3 is longer'],
  ['field number 0', '0200', 'a field number is invalid'],
  ['a field number that is too large', '8280808080804000', 'a field number is invalid'],
  ['an end group tag', '3c', 'an invalid wire type'],
  ['a start group tag', '7b', 'an invalid wire type'],
  ['wire type 7', '0f', 'an invalid wire type'],
])('rejects %s', (_, hex, problem) => {
  expect(() => decodeResponse(bytes(hex))).toThrow(problem);
});

test.each([
  ['a varint as RotationInterval', '6807'],
  ['a varint as VersionStages', '2807'],
  ['fixed bytes as CreateTime', '3d01020304'],
  ['invalid UTF-8 in ExtendedConfig', '5a02c328'],
])('omits %s and keeps the value', (_, hex) => {
  const fields = decodeResponse(bytes(`0a0161${hex}1a0162`));

  expect(fields).toEqual({ SecretName: 'a', SecretData: 'b', VersionStages: [] });
});

test('decodes an empty value and omits other empty strings', () => {
  expect(decodeResponse(bytes('0a0012001a00'))).toEqual({ SecretData: '', VersionStages: [] });
});

test.each(['<html>502</html>', '{"Code":"Throttling"}', 'upstream connect error', ''])(
  'reads no error from the body %j',
  (body) => {
    expect(readInstanceError(Buffer.from(body))).toEqual({});
  },
);

const responses = [...protobuf.response, ...protobuf.decodeOnly].map(({ hex }) => bytes(hex));

/** Decodes `body`. Any error other than a `ProtobufError` fails the test. */
function decodeOrReject(body: Buffer): void {
  readInstanceError(body);
  try {
    decodeResponse(body);
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
  }
}

test('decodes random bytes or throws a ProtobufError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (body) => decodeOrReject(Buffer.from(body))),
    { numRuns: 1_000 },
  );
});

test('decodes a modified response or throws a ProtobufError', () => {
  const modification = fc.record({
    response: fc.constantFrom(...responses),
    at: fc.nat({ max: 320 }),
    remove: fc.nat({ max: 4 }),
    insert: fc.uint8Array({ maxLength: 11 }),
  });
  fc.assert(
    fc.property(modification, ({ response, at, remove, insert }) => {
      decodeOrReject(Buffer.concat([response.subarray(0, at), insert, response.subarray(at + remove)]));
    }),
    { numRuns: 1_000 },
  );
});

test('decodes any strings that it encoded', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 });
  fc.assert(
    fc.property(text, text, (SecretName, SecretType) => {
      const body = encodeRequest({ SecretName, VersionStage: SecretType });
      expect(decodeResponse(body)).toMatchObject({ SecretName, SecretType });
    }),
  );
});
