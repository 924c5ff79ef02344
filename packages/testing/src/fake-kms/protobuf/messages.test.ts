import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { decodeResponse, decodeError, decodeRequest, encodeResponse, encodeError, encodeRequest } from './messages.ts';
import type { ErrorMessage, GetSecretValueMessage, SecretValueMessage } from './messages.ts';
import { MalformedMessage } from './wire.ts';

interface Vector<Message> {
  readonly id: string;
  readonly message: Message;
  readonly hex: string;
}

const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as {
  request: Vector<Partial<GetSecretValueMessage>>[];
  response: Vector<Partial<SecretValueMessage>>[];
  decodeOnly: { id: string; hex: string; decodesAs: Partial<SecretValueMessage> }[];
  malformed: { id: string; hex: string }[];
  error: Vector<ErrorMessage>[];
};
const emptyRequest = { SecretName: '', VersionStage: '', VersionId: '', FetchExtendedConfig: false };
const emptyResponse = decodeResponse(Buffer.alloc(0));

test.each(vectors.request)('encodes and decodes the request $id', ({ message, hex }) => {
  expect(encodeRequest(message).toString('hex')).toBe(hex);
  expect(decodeRequest(bytes(hex))).toEqual({ ...emptyRequest, ...message });
});

test.each(vectors.response)('encodes and decodes the response $id', ({ message, hex }) => {
  expect(encodeResponse(message).toString('hex')).toBe(hex);
  expect(decodeResponse(bytes(hex))).toEqual({ ...emptyResponse, ...message });
});

test.each(vectors.error)('encodes and decodes the error $id', ({ message, hex }) => {
  expect(encodeError(message).toString('hex')).toBe(hex);
  expect(decodeError(bytes(hex))).toEqual(message);
});

test.each(vectors.decodeOnly)('decodes $id', ({ hex, decodesAs }) => {
  expect(decodeResponse(bytes(hex))).toEqual({ ...emptyResponse, ...decodesAs });
});

test.each([
  ...vectors.malformed,
  { id: 'cut-fixed32', hex: '0d0000' },
  { id: 'cut-fixed64', hex: '0900000000' },
  { id: 'a length beyond the message', hex: '0affffffff0f' },
  { id: 'field number 0', hex: '0001' },
  { id: 'a field number beyond 29 bits', hex: 'f8ffffffff0100' },
  { id: 'a group', hex: '0b' },
  { id: 'an HTML page', hex: Buffer.from('<html>').toString('hex') },
  { id: 'invalid UTF-8', hex: '0a01ff' },
  { id: 'a varint instead of a string', hex: '0801' },
])('rejects $id', ({ hex }) => {
  expect(() => decodeRequest(bytes(hex))).toThrow(MalformedMessage);
  expect(() => decodeResponse(bytes(hex))).toThrow(MalformedMessage);
});

test('rejects a string instead of an integer or boolean', () => {
  expect(() => decodeError(bytes('0a0131'))).toThrow(MalformedMessage);
  expect(() => decodeRequest(bytes('220131'))).toThrow(MalformedMessage);
});

test('rejects a varint of more than ten bytes', () => {
  expect(() => decodeRequest(bytes(`20${'ff'.repeat(10)}01`))).toThrow('more than 10 bytes');
  expect(decodeRequest(bytes(`20${'ff'.repeat(9)}01`)).FetchExtendedConfig).toBe(true);
});

test('decodes every varint except 0 as true', () => {
  expect(decodeRequest(bytes('20ac02')).FetchExtendedConfig).toBe(true);
  expect(decodeRequest(bytes('20012000')).FetchExtendedConfig).toBe(false);
});

test('keeps a leading byte order mark', () => {
  expect(decodeResponse(encodeResponse({ SecretData: '\uFEFFs3cret-1' })).SecretData.length).toBe(9);
});

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}
