import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { acs3, acs3CanonicalRequest, acs3Signature, acs3StringToSign } from './acs3.ts';
import type { WireRequest } from './protocol.ts';
import { percentEncode } from './percent-encode.ts';

type Fields = Readonly<Record<string, string>>;

interface Vector {
  id: string;
  method: string;
  path: string;
  query: Fields;
  headers: Fields;
  body: string;
  accessKeySecret: string;
  canonicalRequest: string;
  signedHeaders: string;
  stringToSign: string;
  signature: string;
  authorization: string;
}

const { acs3: vectors } = JSON.parse(readFileSync(new URL('signature-vectors.json', import.meta.url), 'utf8')) as {
  acs3: [Vector, ...Vector[]];
};
const [basic] = vectors;

test.each(vectors)('vector $id: derives canonical request, string to sign and signature', (vector) => {
  const sent = request(vector);

  const signed = acs3.parse(sent);

  expect(acs3CanonicalRequest(sent, vector.signedHeaders.split(';'))).toBe(vector.canonicalRequest);
  expect(signed.stringToSign).toBe(vector.stringToSign);
  expect(signed.sign(vector.accessKeySecret)).toBe(vector.signature);
  expect(signed.signature).toBe(vector.signature);
});

test('computes the signature of the published RunInstances example', () => {
  const headers = {
    host: 'ecs.cn-shanghai.aliyuncs.com',
    'x-acs-action': 'RunInstances',
    'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'x-acs-date': '2023-10-26T10:22:32Z',
    'x-acs-signature-nonce': '3156853299f313e23d1673dc12e1703d',
    'x-acs-version': '2014-05-26',
  };
  const query = { ImageId: 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd', RegionId: 'cn-shanghai' };

  const stringToSign = acs3StringToSign(
    acs3CanonicalRequest(request({ ...basic, headers, query }), Object.keys(headers)),
  );

  expect(acs3Signature('YourAccessKeySecret', stringToSign)).toBe(
    '06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
  );
});

test.each([
  ['x-acs-action', 'MissingAction'],
  ['x-acs-version', 'MissingVersion'],
  ['x-acs-date', 'MissingTimestamp'],
  ['x-acs-signature-nonce', 'MissingSignatureNonce'],
  ['x-acs-content-sha256', 'MissingContentSha256'],
])('reports a missing %s as %s', (name, code) => {
  const { [name]: _, ...headers } = basic.headers;

  expect(() => acs3.parse(request({ ...basic, headers }))).toThrow(expect.objectContaining({ status: 400, code }));
});

test.each([
  [
    'of another algorithm',
    basic.authorization.replace('ACS3-HMAC-SHA256', 'ACS3-RSA-SHA256'),
    'InvalidSignatureMethod',
  ],
  ['without a credential', basic.authorization.replace('Credential=', 'Credentials='), 'IncompleteSignature'],
  ['without signed headers', basic.authorization.replace(/SignedHeaders=[^,]+,/, ''), 'IncompleteSignature'],
  ['without a signature', basic.authorization.replace(/,Signature=.+/, ''), 'IncompleteSignature'],
  ['with text after the signature', `${basic.authorization},Extra=1`, 'IncompleteSignature'],
  ['with unsorted names', withNames((names) => names.toReversed()), 'IncompleteSignature'],
  ['with a duplicate name', withNames((names) => [...names, ...names].toSorted()), 'IncompleteSignature'],
  ['with an upper-case name', withNames(([, ...names]) => ['HOST', ...names]), 'IncompleteSignature'],
  ['that signs a header that is not sent', withNames((names) => ['absent', ...names]), 'IncompleteSignature'],
])('rejects an Authorization %s', (_, authorization, code) => {
  expect(() => acs3.parse(request({ ...basic, authorization }))).toThrow(
    expect.objectContaining({ status: 400, code }),
  );
});

test.each(basic.signedHeaders.split(';'))('rejects an Authorization that does not sign %s', (unsigned) => {
  const authorization = withNames((names) => names.filter((name) => name !== unsigned));

  expect(() => acs3.parse(request({ ...basic, authorization }))).toThrow(
    expect.objectContaining({ status: 400, code: 'IncompleteSignature' }),
  );
});

test.each([
  ['x-acs-extra', '1'],
  ['content-type', 'application/json'],
])('requires the header %s to be signed if it is sent', (name, value) => {
  const headers = { ...basic.headers, [name]: value };
  const authorization = withNames((names) => [...names, name].toSorted());

  expect(() => acs3.parse(request({ ...basic, headers }))).toThrow(
    expect.objectContaining({ code: 'IncompleteSignature' }),
  );
  expect(acs3.parse(request({ ...basic, headers, authorization })).stringToSign).not.toBe(basic.stringToSign);
});

test('accepts spaces after the commas of an Authorization', () => {
  const authorization = basic.authorization.replaceAll(',', ', ');

  expect(acs3.parse(request({ ...basic, authorization })).signature).toBe(basic.signature);
});

test.each([
  ['of another body', 'a'.repeat(64)],
  ['in upper case', (basic.headers['x-acs-content-sha256'] ?? '').toUpperCase()],
])('rejects a body hash %s', (_, hash) => {
  const headers = { ...basic.headers, 'x-acs-content-sha256': hash };

  expect(() => acs3.parse(request({ ...basic, headers }))).toThrow(
    expect.objectContaining({ status: 400, code: 'IncompleteSignature' }),
  );
});

test('rejects an x-acs-accesskey-id that differs from Credential', () => {
  const headers = { ...basic.headers, 'x-acs-accesskey-id': 'another-key' };
  const authorization = withNames((names) => [...names, 'x-acs-accesskey-id'].toSorted());

  expect(() => acs3.parse(request({ ...basic, headers, authorization }))).toThrow(
    expect.objectContaining({ status: 400, code: 'IncompleteSignature' }),
  );
});

test.each(['X-Acs-Date', 'host', 'Authorization', 'content-type'])('rejects a duplicate %s header', (name) => {
  const sent = request(basic);
  const duplicated = { ...sent, rawHeaders: [...sent.rawHeaders, name, 'x', name.toLowerCase(), 'y'] };

  expect(() => acs3.parse(duplicated)).toThrow(expect.objectContaining({ status: 400, code: 'IncompleteSignature' }));
});

test('rejects a duplicate parameter', () => {
  const sent = request(basic);

  expect(() => acs3.parse({ ...sent, query: `${sent.query}&SecretName=other` })).toThrow(
    expect.objectContaining({ status: 400, code: 'InvalidParameter' }),
  );
});

test('signs a form by its hash, not as parameters', () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const form = request({ ...basic, query: { a: '1' }, headers, body: 'SecretName=db' });

  const [method, path, query, contentType, , names, hash] = acs3CanonicalRequest(form, ['content-type']).split('\n');

  expect([method, path, query, contentType, names]).toEqual([
    'POST',
    '/',
    'a=1',
    'content-type:application/x-www-form-urlencoded',
    'content-type',
  ]);
  expect(hash).toBe(createHash('sha256').update('SecretName=db').digest('hex'));
});

test('matches an Authorization that begins with ACS3-', () => {
  expect(acs3.matches(request(basic))).toBe(true);
  expect(acs3.matches(request({ ...basic, authorization: 'Bearer x' }))).toBe(false);
});

function withNames(change: (names: string[]) => string[]): string {
  return basic.authorization.replace(basic.signedHeaders, change(basic.signedHeaders.split(';')).join(';'));
}

function request({ method, path, query, headers, body, authorization }: Vector): WireRequest {
  const all = { ...headers, authorization };
  return {
    method,
    path,
    query: Object.entries(query)
      .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
      .join('&'),
    headers: all,
    rawHeaders: Object.entries(all).flat(),
    body: Buffer.from(body),
  };
}
