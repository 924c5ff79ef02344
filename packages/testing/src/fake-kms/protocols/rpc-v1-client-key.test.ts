import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';

import { expect, test } from 'vitest';

import type { WireRequest } from './protocol.ts';
import { selectProtocol, protocolsFor } from './select-protocol.ts';
import { percentEncode } from './percent-encode.ts';
import { rpcV1ClientKey } from './rpc-v1-client-key.ts';

type Fields = Readonly<Record<string, string>>;

const { key, rpcV1ClientKey: vectors } = JSON.parse(
  readFileSync(new URL('client-key-vectors.json', import.meta.url), 'utf8'),
) as {
  key: { keyId: string; certificateDerBase64: string };
  rpcV1ClientKey: { id: string; method: string; query: Fields; stringToSign: string; signature: string }[];
};
const { publicKey } = new X509Certificate(Buffer.from(key.certificateDerBase64, 'base64'));
const [vector] = vectors as [(typeof vectors)[number]]; // the file holds two
const shared = protocolsFor('shared', { clock: { date: () => 0 }, acceptTokenScheme: false });

test.each(vectors)('vector $id: derives the string to sign and verifies the signature', (sample) => {
  const signed = rpcV1ClientKey.parse(request({ ...sample.query, Signature: sample.signature }, sample.method));

  expect(signed.stringToSign).toBe(sample.stringToSign);
  expect([signed.accessKeyId, signed.isSignedBy(publicKey)]).toEqual([key.keyId, true]);
});

test('rejects signatures of other text or in non-canonical base64', () => {
  const [, other] = vectors as [unknown, (typeof vectors)[number]]; // the file holds two
  const { signature } = vector;
  const unpadded = signature.replaceAll('=', '');
  const urlSafe = signature.replaceAll('+', '-').replaceAll('/', '_');

  for (const Signature of [
    other.signature,
    unpadded,
    urlSafe,
    `${signature.slice(0, 9)}\n${signature.slice(9)}`,
    'x',
  ]) {
    expect(rpcV1ClientKey.parse(request({ ...vector.query, Signature })).isSignedBy(publicKey)).toBe(false);
  }
});

test.each([undefined, '', 'PUBLICKEY'])('rejects SignatureType=%s', (type) => {
  const { SignatureType: _, ...rest } = vector.query;
  const query = { ...rest, Signature: 'x', ...(type !== undefined && { SignatureType: type }) };

  expect(() => rpcV1ClientKey.parse(request(query))).toThrow(
    expect.objectContaining({ status: 400, code: 'InvalidSignatureMethod' }),
  );
});

test('requires the mandatory RPC parameters', () => {
  const { SignatureNonce: _, ...rest } = vector.query;

  expect(() => rpcV1ClientKey.parse(request({ ...rest, Signature: 'x' }))).toThrow(
    expect.objectContaining({ status: 400, code: 'MissingSignatureNonce' }),
  );
});

test('is selected by SignatureMethod in the query or in a form', () => {
  const form = { ...request({}), body: Buffer.from('SignatureMethod=SHA256withRSA') };

  expect(selectProtocol(request(vector.query), shared).name).toBe('rpc-v1-client-key');
  expect(selectProtocol(form, shared).name).toBe('rpc-v1-client-key');
  expect(selectProtocol(request({ SignatureMethod: 'HMAC-SHA1' }), shared).name).toBe('rpc-v1');
  expect(rpcV1ClientKey.peek(request({ ...vector.query, Format: 'XML' })).format).toBe('xml');
});

function request(query: Fields, method = 'POST'): WireRequest {
  return {
    method,
    path: '/',
    query: Object.entries(query)
      .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
      .join('&'),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    rawHeaders: [],
    body: Buffer.alloc(0),
  };
}
