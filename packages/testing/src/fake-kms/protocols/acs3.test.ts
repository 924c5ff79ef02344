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

test.each(vectors)(
  'vector $id: canonical request, text to sign and signature come out of the request itself',
  (vector) => {
    const sent = request(vector);

    const signed = acs3.read(sent);

    expect(acs3CanonicalRequest(sent, vector.signedHeaders.split(';'))).toBe(vector.canonicalRequest);
    expect(signed.stringToSign).toBe(vector.stringToSign);
    expect(signed.sign(vector.accessKeySecret)).toBe(vector.signature);
    expect(signed.signature).toBe(vector.signature);
  },
);

test('the signature of the published RunInstances example comes out', () => {
  const headers = {
    host: 'ecs.cn-shanghai.aliyuncs.com',
    'x-acs-action': 'RunInstances',
    'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'x-acs-date': '2023-10-26T10:22:32Z',
    'x-acs-signature-nonce': '3156853299f313e23d1673dc12e1703d',
    'x-acs-version': '2014-05-26',
  };
  const query = { ImageId: 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd', RegionId: 'cn-shanghai' };

  const text = acs3StringToSign(acs3CanonicalRequest(request({ ...basic, headers, query }), Object.keys(headers)));

  expect(acs3Signature('YourAccessKeySecret', text)).toBe(
    '06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
  );
});

test.each([
  ['x-acs-action', 'MissingAction'],
  ['x-acs-version', 'MissingVersion'],
  ['x-acs-date', 'MissingTimestamp'],
  ['x-acs-signature-nonce', 'MissingSignatureNonce'],
  ['x-acs-content-sha256', 'MissingContentSha256'],
])('a request without %s is refused with %s', (name, code) => {
  const { [name]: _, ...headers } = basic.headers;

  expect(() => acs3.read(request({ ...basic, headers }))).toThrow(expect.objectContaining({ status: 400, code }));
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
  ['with something behind the signature', `${basic.authorization},Extra=1`, 'IncompleteSignature'],
  ['with names in another order', withNames((names) => names.toReversed()), 'IncompleteSignature'],
  ['with a name twice', withNames((names) => [...names, ...names].toSorted()), 'IncompleteSignature'],
  ['with a name in capitals', withNames(([, ...names]) => ['HOST', ...names]), 'IncompleteSignature'],
  ['that signs a header which was not sent', withNames((names) => ['absent', ...names]), 'IncompleteSignature'],
])('an Authorization %s is refused', (_, authorization, code) => {
  expect(() => acs3.read(request({ ...basic, authorization }))).toThrow(expect.objectContaining({ status: 400, code }));
});

test.each(basic.signedHeaders.split(';'))('an Authorization that does not sign %s is refused', (left) => {
  const authorization = withNames((names) => names.filter((name) => name !== left));

  expect(() => acs3.read(request({ ...basic, authorization }))).toThrow(
    expect.objectContaining({ status: 400, code: 'IncompleteSignature' }),
  );
});

test.each([
  ['x-acs-extra', '1'],
  ['content-type', 'application/json'],
])('a %s that is sent must be signed', (name, value) => {
  const headers = { ...basic.headers, [name]: value };
  const authorization = withNames((names) => [...names, name].toSorted());

  expect(() => acs3.read(request({ ...basic, headers }))).toThrow(
    expect.objectContaining({ code: 'IncompleteSignature' }),
  );
  expect(acs3.read(request({ ...basic, headers, authorization })).stringToSign).not.toBe(basic.stringToSign);
});

test('blanks behind the commas of an Authorization are allowed', () => {
  const authorization = basic.authorization.replaceAll(',', ', ');

  expect(acs3.read(request({ ...basic, authorization })).signature).toBe(basic.signature);
});

test.each([
  ['of another body', 'a'.repeat(64)],
  ['in capitals', (basic.headers['x-acs-content-sha256'] ?? '').toUpperCase()],
])('a body hash %s is refused', (_, hash) => {
  const headers = { ...basic.headers, 'x-acs-content-sha256': hash };

  expect(() => acs3.read(request({ ...basic, headers }))).toThrow(
    expect.objectContaining({ status: 400, code: 'IncompleteSignature' }),
  );
});

test('an x-acs-accesskey-id that is not the one of Credential is refused', () => {
  const headers = { ...basic.headers, 'x-acs-accesskey-id': 'somebody-else' };
  const authorization = withNames((names) => [...names, 'x-acs-accesskey-id'].toSorted());

  expect(() => acs3.read(request({ ...basic, headers, authorization }))).toThrow(
    expect.objectContaining({ status: 400, code: 'IncompleteSignature' }),
  );
});

test.each(['X-Acs-Date', 'host', 'Authorization', 'content-type'])('%s sent twice is refused', (name) => {
  const sent = request(basic);
  const twice = { ...sent, rawHeaders: [...sent.rawHeaders, name, 'x', name.toLowerCase(), 'y'] };

  expect(() => acs3.read(twice)).toThrow(expect.objectContaining({ status: 400, code: 'IncompleteSignature' }));
});

test('a parameter given twice is refused', () => {
  const sent = request(basic);

  expect(() => acs3.read({ ...sent, query: `${sent.query}&SecretName=other` })).toThrow(
    expect.objectContaining({ status: 400, code: 'InvalidParameter' }),
  );
});

test('a form is signed by its hash alone, and not among the parameters', () => {
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

test('only an Authorization that begins with ACS3- makes this protocol', () => {
  expect(acs3.isSpokenIn(request(basic))).toBe(true);
  expect(acs3.isSpokenIn(request({ ...basic, authorization: 'Bearer x' }))).toBe(false);
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
