import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { decodeAnswer, decodeError, decodeRequest, encodeAnswer, encodeError, encodeRequest } from './messages.ts';
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
const emptyAnswer = decodeAnswer(Buffer.alloc(0));

test.each(vectors.request)('request $id: written and read', ({ message, hex }) => {
  expect(encodeRequest(message).toString('hex')).toBe(hex);
  expect(decodeRequest(bytes(hex))).toEqual({ ...emptyRequest, ...message });
});

test.each(vectors.response)('answer $id: written and read', ({ message, hex }) => {
  expect(encodeAnswer(message).toString('hex')).toBe(hex);
  expect(decodeAnswer(bytes(hex))).toEqual({ ...emptyAnswer, ...message });
});

test.each(vectors.error)('error $id: written and read', ({ message, hex }) => {
  expect(encodeError(message).toString('hex')).toBe(hex);
  expect(decodeError(bytes(hex))).toEqual(message);
});

test.each(vectors.decodeOnly)('$id is read', ({ hex, decodesAs }) => {
  expect(decodeAnswer(bytes(hex))).toEqual({ ...emptyAnswer, ...decodesAs });
});

test.each([
  ...vectors.malformed,
  { id: 'cut-fixed32', hex: '0d0000' },
  { id: 'cut-fixed64', hex: '0900000000' },
  { id: 'a huge length', hex: '0affffffff0f' },
  { id: 'field nought', hex: '0001' },
  { id: 'a field number beyond 29 bits', hex: 'f8ffffffff0100' },
  { id: 'a group', hex: '0b' },
  { id: 'a page', hex: Buffer.from('<html>').toString('hex') },
  { id: 'no UTF-8', hex: '0a01ff' },
  { id: 'a text that is a number', hex: '0801' },
])('$id is refused', ({ hex }) => {
  expect(() => decodeRequest(bytes(hex))).toThrow(MalformedMessage);
  expect(() => decodeAnswer(bytes(hex))).toThrow(MalformedMessage);
});

test('a number or a flag that is a text is refused', () => {
  expect(() => decodeError(bytes('0a0131'))).toThrow(MalformedMessage);
  expect(() => decodeRequest(bytes('220131'))).toThrow(MalformedMessage);
});

test('a number of more than ten bytes is refused, even where it ends', () => {
  expect(() => decodeRequest(bytes(`20${'ff'.repeat(10)}01`))).toThrow('more than ten bytes');
  expect(decodeRequest(bytes(`20${'ff'.repeat(9)}01`)).FetchExtendedConfig).toBe(true);
});

test('any number but nought is a set flag', () => {
  expect(decodeRequest(bytes('20ac02')).FetchExtendedConfig).toBe(true);
  expect(decodeRequest(bytes('20012000')).FetchExtendedConfig).toBe(false);
});

test('a byte order mark at the head of a value stays', () => {
  expect(decodeAnswer(encodeAnswer({ SecretData: '\uFEFFs3cret-1' })).SecretData.length).toBe(9);
});

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}
