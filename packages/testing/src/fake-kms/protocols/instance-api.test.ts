import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { Refusal, refusal } from '../api/api-error.ts';
import type { WireRequest } from './protocol.ts';
import { selectProtocol, protocolsFor } from './select-protocol.ts';
import { instanceApi } from './instance-api.ts';

type Fields = Readonly<Record<string, string | undefined>>;

const { key, instanceApi: vectors } = JSON.parse(
  readFileSync(new URL('client-key-vectors.json', import.meta.url), 'utf8'),
) as {
  key: { keyId: string; certificateDerBase64: string };
  instanceApi: { id: string; headers: Record<string, string>; bodyHex: string; stringToSign: string }[];
};
const { publicKey } = new X509Certificate(Buffer.from(key.certificateDerBase64, 'base64'));
const [vector] = vectors as [(typeof vectors)[number]]; // the file holds two
const now = Date.parse('2026-01-02T03:04:05Z');
const minute = 60_000;
const instance = protocolsFor('instance', { clock: { date: () => now }, acceptTokenScheme: false });

test.each(vectors)('vector $id: the text to sign comes out of the request, and the signature is the key’s', (one) => {
  const signed = read(request({}, one));

  expect(signed.stringToSign).toBe(one.stringToSign);
  expect([signed.accessKeyId, signed.isSignedBy(publicKey)]).toEqual([key.keyId, true]);
  expect([signed.nonce, signed.timestamp, signed.action]).toEqual([
    undefined,
    '2026-01-02T03:04:05Z',
    'GetSecretValue',
  ]);
});

test('the message comes out under the names of OpenAPI', () => {
  expect(Object.fromEntries(read(request({})).parameters)).toEqual({
    SecretName: 'secret001',
    VersionStage: 'ACSCurrent',
    VersionId: '',
    FetchExtendedConfig: 'true',
  });
});

test('every x-kms- header is signed, trimmed, and no other one', () => {
  const more = read(request({ 'x-kms-another': ' one ', 'x-other': 'two' })).stringToSign;

  expect(more).toContain('\nx-kms-acccesskeyid:KAAP.11111111-2222-3333-4444-555555555555\nx-kms-another:one\n');
  expect(more).not.toContain('two');
  expect(read(request({ 'x-kms-another': 'one' })).isSignedBy(publicKey)).toBe(false);
});

/** In the order the documentation lists the errors; each entry breaks one thing. */
const mistakes: readonly [change: Fields, status: number, code: string, message: string][] = [
  [{ 'content-type': 'text/plain' }, 415, 'InvalidContentType', 'Content-Type "text/plain" is unsupported.'],
  [{ 'x-kms-apiversion': 'dkms-gcs-0.3' }, 400, 'InvalidApiVersion', 'The ApiVersion "dkms-gcs-0.3" is invalid.'],
  [{ 'x-kms-apiname': 'Encrypt' }, 400, 'InvalidApiName', 'The ApiName "Encrypt" is invalid.'],
  [
    { 'x-kms-acccesskeyid': undefined, 'x-kms-accesskeyid': 'KAAP.1' },
    400,
    'MissingParameter',
    'Parameter x-kms-acccesskeyid does not exist in http header or body.',
  ],
  [
    { 'x-kms-signaturemethod': 'HMAC' },
    400,
    'InvalidParam',
    'The Param x-kms-signaturemethod is invalid. message:"HMAC".',
  ],
  [{ date: '2026-01-02T03:04:05Z' }, 400, 'InvalidParam', 'The Param Date is invalid.'],
  [
    { date: 'Fri, 02 Jan 2026 03:19:06 GMT' },
    400,
    'RequestTimeTooSkewed',
    'Request time exceeds server time more than 15 minutes.',
  ],
  [{ 'content-length': undefined }, 400, 'InvalidParam', 'The Param Content-Length is invalid.'],
  [
    { 'content-sha256': vector.headers['content-sha256']?.toLowerCase() },
    400,
    'InvalidParam',
    'The Param Content-SHA256 is invalid.',
  ],
  [{ authorization: 'Basic x' }, 400, 'InvalidParam', 'The Param Authorization is invalid.'],
];

test.each(mistakes)('%j is refused with %i %s', (change, ...[status, code, message]) => {
  expect(refusalOf(request(change))).toMatchObject({ status, code, message });
});

test.each(mistakes.slice(1).map((mistake, index) => [mistakes[index]?.[3], mistake] as const))(
  'of two mistakes the earlier one is told: %s',
  (earlier, [later]) => {
    const [change] = mistakes.find(([, , , message]) => message === earlier) ?? [{}];

    expect(refusalOf(request({ ...later, ...change }))?.message).toBe(earlier);
  },
);

test.each([
  ['content-type', 'InvalidContentType', 'Content-Type "" is unsupported.'],
  ['x-kms-apiversion', 'InvalidApiVersion', 'The ApiVersion "" is invalid.'],
  ['x-kms-apiname', 'InvalidApiName', 'The ApiName "" is invalid.'],
  ['x-kms-signaturemethod', 'InvalidParam', 'The Param x-kms-signaturemethod is invalid.'],
  ['date', 'InvalidParam', 'The Param Date is invalid.'],
  ['content-sha256', 'InvalidParam', 'The Param Content-SHA256 is invalid.'],
  ['authorization', 'InvalidParam', 'The Param Authorization is invalid.'],
])('without %s it is refused with %s', (name, code, message) => {
  expect(refusalOf(request({ [name]: undefined }))).toMatchObject({ code, message });
});

test.each(['Fri, 2 Jan 2026 03:04:05 GMT', 'Fri, 02 Jan 2026 03:04:05 +0000', 'Thu, 02 Jan 2026 03:04:05 GMT', 'now'])(
  'a date written %s is refused',
  (date) => {
    expect(refusalOf(request({ date }))?.message).toBe('The Param Date is invalid.');
  },
);

test('a date may be off by fifteen minutes either way', () => {
  for (const off of [-15 * minute, 15 * minute]) {
    const date = new Date(now + off).toUTCString();
    const beyond = new Date(now + off + Math.sign(off) * 1000).toUTCString();

    expect(refusalOf(request({ date }))).toBeUndefined();
    expect(refusalOf(request({ date: beyond }))?.code).toBe('RequestTimeTooSkewed');
  }
});

test.each([['Bearer'], ['Bearer '], ['bearer x'], ['Bearer x y'], ['TOKEN x'], ['x']])(
  'Authorization: %s is refused',
  (authorization) => {
    expect(refusalOf(request({ authorization }))?.message).toBe('The Param Authorization is invalid.');
  },
);

test('TOKEN is taken where that is switched on', () => {
  const protocol = instanceApi({ clock: { date: () => now }, acceptTokenScheme: true });
  const authorization = vector.headers['authorization']?.replace('Bearer', 'TOKEN');

  expect(protocol.read(request({ authorization })).isSignedBy(publicKey)).toBe(true);
});

test('only POST is taken', () => {
  expect(refusalOf({ ...request({}), method: 'GET' })?.code).toBe('UnsupportedOperation');
});

test('a body that is no message is looked into only when it is asked for', () => {
  const broken = { ...request({}, { ...vector, bodyHex: '0a' }) };
  const headers = {
    ...broken.headers,
    'content-length': '1',
    'content-sha256': '01BA4719C80B6FE911B091A7C05124B64EEECE964E09C058EF8F9805DACA546B',
  };

  const signed = read({ ...broken, headers });

  expect(() => signed.parameters).toThrow(expect.objectContaining({ status: 400, code: 'InvalidParameter' }));
  expect(instance[0]?.glance({ ...broken, headers }).asked.secretName).toBeUndefined();
});

test('it is told by its headers, and spoken at instances alone', () => {
  const plain = { ...request({}), headers: { host: 'x' } };
  const shared = protocolsFor('shared', { clock: { date: () => now }, acceptTokenScheme: false });

  expect(selectProtocol(request({}), instance).name).toBe('instance-api');
  expect(selectProtocol(request({ 'x-kms-apiname': undefined }), instance).name).toBe('instance-api');
  expect(selectProtocol(request({ 'x-acs-action': 'GetSecretValue' }), instance).name).toBe('rpc-v1');
  expect(selectProtocol(plain, instance).name).toBe('rpc-v1');
  expect(selectProtocol({ ...plain, query: 'SignatureMethod=SHA256withRSA' }, instance).name).toBe('rpc-v1');
  expect(selectProtocol(request({}), shared).name).toBe('rpc-v1');
});

test.each([
  ['InvalidAccessKeyId.NotFound', 404, 'Unauthorized', 'The AccessKey ID "KAAP.1" does not exist in our records.'],
  ['InvalidAccessKeyId.Inactive', 404, 'Unauthorized', 'The AccessKey ID "KAAP.1" does not exist in our records.'],
  ['InvalidSignatureMethod', 404, 'Unauthorized', 'The AccessKey ID "KAAP.1" does not exist in our records.'],
  ['SignatureDoesNotMatch', 401, 'SignatureNotMatch', 'Signature is not matched.'],
  [
    'Forbidden.NoPermission',
    403,
    'Forbidden.NoPermission',
    'This operation for "db" is forbidden by permission system.',
  ],
  ['InvalidApi.NotFound', 400, 'UnsupportedOperation', 'Rejected.UnsupportedOperation'],
  ['UnsupportedOperation', 400, 'UnsupportedOperation', 'Rejected.UnsupportedOperation'],
  ['Rejected.Throttling', 429, 'Rejected.Throttling', 'QPS Limit Exceeded'],
])('%s is told as %i %s', (code, ...[status, own, message]) => {
  const asked = { action: undefined, versionId: undefined, versionStage: undefined };

  expect(instance[0]?.inItsWords?.(refusal(code), { ...asked, accessKeyId: 'KAAP.1', secretName: 'db' })).toMatchObject(
    { status, code: own, message },
  );
});

function read(asked: WireRequest): ReturnType<ReturnType<typeof instanceApi>['read']> {
  return instanceApi({ clock: { date: () => now }, acceptTokenScheme: false }).read(asked);
}

function refusalOf(asked: WireRequest): Refusal | undefined {
  try {
    read(asked);
    return undefined;
  } catch (error) {
    return error instanceof Refusal ? error : undefined;
  }
}

function request(
  change: Fields,
  { headers, bodyHex }: Pick<typeof vector, 'headers' | 'bodyHex'> = vector,
): WireRequest {
  const sent = Object.entries({ ...headers, ...change }).filter(([, value]) => value !== undefined);
  return {
    method: 'POST',
    path: '/',
    query: '',
    headers: Object.fromEntries(sent),
    rawHeaders: [],
    body: Buffer.from(bodyHex, 'hex'),
  };
}
