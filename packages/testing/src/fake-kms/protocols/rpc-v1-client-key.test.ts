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

test.each(vectors)('vector $id: the text to sign comes out of the request, and the signature is the key’s', (one) => {
  const signed = rpcV1ClientKey.read(request({ ...one.query, Signature: one.signature }, one.method));

  expect(signed.stringToSign).toBe(one.stringToSign);
  expect([signed.accessKeyId, signed.isSignedBy(publicKey)]).toEqual([key.keyId, true]);
});

test('a signature of another text, another spelling or another make is not the key’s', () => {
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
    expect(rpcV1ClientKey.read(request({ ...vector.query, Signature })).isSignedBy(publicKey)).toBe(false);
  }
});

test.each([undefined, '', 'PUBLICKEY'])('SignatureType=%s is refused', (type) => {
  const { SignatureType: _, ...rest } = vector.query;
  const query = { ...rest, Signature: 'x', ...(type !== undefined && { SignatureType: type }) };

  expect(() => rpcV1ClientKey.read(request(query))).toThrow(
    expect.objectContaining({ status: 400, code: 'InvalidSignatureMethod' }),
  );
});

test('what every RPC request must hold is missed here too', () => {
  const { SignatureNonce: _, ...rest } = vector.query;

  expect(() => rpcV1ClientKey.read(request({ ...rest, Signature: 'x' }))).toThrow(
    expect.objectContaining({ status: 400, code: 'MissingSignatureNonce' }),
  );
});

test('it is told from the other RPC protocol by its method, wherever that stands', () => {
  const inForm = { ...request({}), body: Buffer.from('SignatureMethod=SHA256withRSA') };

  expect(selectProtocol(request(vector.query), shared).name).toBe('rpc-v1-client-key');
  expect(selectProtocol(inForm, shared).name).toBe('rpc-v1-client-key');
  expect(selectProtocol(request({ SignatureMethod: 'HMAC-SHA1' }), shared).name).toBe('rpc-v1');
  expect(rpcV1ClientKey.glance(request({ ...vector.query, Format: 'XML' })).format).toBe('xml');
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
