import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import type { WireRequest } from './protocol.ts';
import { percentEncode } from './percent-encode.ts';
import { rpcSignature, rpcStringToSign, rpcV1 } from './rpc-v1.ts';

type Fields = Readonly<Record<string, string>>;

const complete: Fields = {
  AccessKeyId: 'FakeAccessKeyId1',
  Action: 'GetSecretValue',
  Signature: 'x',
  SignatureMethod: 'HMAC-SHA1',
  SignatureNonce: 'n',
  SignatureVersion: '1.0',
  Timestamp: '2026-01-02T03:04:05Z',
  Version: '2016-01-20',
};

const { rpcV1Hmac: vectors } = JSON.parse(readFileSync(new URL('signature-vectors.json', import.meta.url), 'utf8')) as {
  rpcV1Hmac: {
    id: string;
    method: string;
    query: Fields;
    form: Fields;
    accessKeySecret: string;
    stringToSign: string;
    signature: string;
  }[];
};

test.each(vectors)('vector $id: derives string to sign and signature', (vector) => {
  const signed = rpcV1.parse(request({ ...vector.query, Signature: vector.signature }, vector));

  expect(signed.stringToSign).toBe(vector.stringToSign);
  expect(signed.sign(vector.accessKeySecret)).toBe(vector.signature);
  expect(signed.signature).toBe(vector.signature);
});

test('computes the signature of the published DescribeRegions example', () => {
  const parameters = new Map([
    ['AccessKeyId', 'testid'],
    ['Action', 'DescribeRegions'],
    ['Format', 'XML'],
    ['SignatureMethod', 'HMAC-SHA1'],
    ['SignatureNonce', '3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf'],
    ['SignatureVersion', '1.0'],
    ['Timestamp', '2016-02-23T12:46:24Z'],
    ['Version', '2014-05-26'],
  ]);

  expect(rpcSignature('testsecret', rpcStringToSign('GET', parameters))).toBe('OLeaidS1JvxuMvnyHOwuJ+uX5qY=');
});

test.each([
  'AccessKeyId',
  'Action',
  'Signature',
  'SignatureMethod',
  'SignatureNonce',
  'SignatureVersion',
  'Timestamp',
  'Version',
])('reports a missing %s', (name) => {
  const { [name]: _, ...rest } = complete;

  expect(() => rpcV1.parse(request(rest))).toThrow(
    expect.objectContaining({ status: 400, code: `Missing${name}`, message: `${name} is mandatory for this action.` }),
  );
  expect(() => rpcV1.parse(request({ ...complete, [name]: '' }))).toThrow(
    expect.objectContaining({ code: `Missing${name}` }),
  );
});

test.each([
  ['in the query', `${encode(complete)}&Action=GetSecretValue`, ''],
  ['in the form', encode(complete), 'VersionId=a&VersionId=b'],
  ['in query and form', encode(complete), 'Action=GetSecretValue'],
])('rejects a duplicate parameter %s', (_, query, body) => {
  expect(() => rpcV1.parse({ ...request({}), query, body: Buffer.from(body) })).toThrow(
    expect.objectContaining({ status: 400, code: 'InvalidParameter' }),
  );
});

test.each([
  ['SignatureVersion', '2.0', 'IncompleteSignature'],
  ['SignatureMethod', 'HMAC-SHA256', 'InvalidSignatureMethod'],
  ['SignatureMethod', 'SHA256withRSA', 'InvalidSignatureMethod'],
  ['SignatureType', 'PRIVATEKEY', 'InvalidSignatureMethod'],
  ['Format', 'YAML', 'InvalidParameter.Format'],
])('rejects %s=%s with %s', (name, value, code) => {
  expect(() => rpcV1.parse(request({ ...complete, [name]: value }))).toThrow(
    expect.objectContaining({ status: 400, code }),
  );
});

test.each(['XML', 'xml', 'Xml'])('Format=%s selects XML', (format) => {
  expect(rpcV1.peek(request({ ...complete, Format: format })).format).toBe('xml');
});

test.each(['JSON', 'json', undefined])('Format=%s selects JSON', (format) => {
  expect(rpcV1.peek(request(format === undefined ? complete : { ...complete, Format: format })).format).toBe('json');
});

test('decodes a plus in the query as a space', () => {
  const { parameters } = rpcV1.parse({ ...request({}), query: `${encode(complete)}&VersionStage=a+b%2Bc` });

  expect(parameters.get('VersionStage')).toBe('a b+c');
});

test('rejects invalid percent-encoding in parse, and ignores it in peek', () => {
  const malformed = { ...request({}), query: `${encode(complete)}&VersionStage=%FF` };

  expect(() => rpcV1.parse(malformed)).toThrow(expect.objectContaining({ status: 400, code: 'InvalidParameter' }));
  expect(rpcV1.peek(malformed).claims.action).toBeUndefined();
});

test('ignores a body that is not a form', () => {
  const json = {
    ...request(complete),
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('VersionId=v1'),
  };

  expect(rpcV1.parse(json).parameters.has('VersionId')).toBe(false);
});

function request(query: Fields, { method = 'POST', form = {} }: { method?: string; form?: Fields } = {}): WireRequest {
  return {
    method,
    path: '/',
    query: encode(query),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    rawHeaders: [],
    body: Buffer.from(encode(form)),
  };
}

function encode(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&');
}
