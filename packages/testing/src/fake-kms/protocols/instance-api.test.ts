import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { ApiError, apiError } from '../api/api-error.ts';
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

test.each(vectors)('vector $id: derives the string to sign and verifies the signature', (sample) => {
  const signed = parse(request({}, sample));

  expect(signed.stringToSign).toBe(sample.stringToSign);
  expect([signed.accessKeyId, signed.isSignedBy(publicKey)]).toEqual([key.keyId, true]);
  expect([signed.nonce, signed.timestamp, signed.action]).toEqual([
    undefined,
    '2026-01-02T03:04:05Z',
    'GetSecretValue',
  ]);
});

test('decodes the message to OpenAPI parameters', () => {
  expect(Object.fromEntries(parse(request({})).parameters)).toEqual({
    SecretName: 'secret001',
    VersionStage: 'ACSCurrent',
    VersionId: '',
    FetchExtendedConfig: 'true',
  });
});

test('signs every x-kms- header, trimmed, and no other header', () => {
  const stringToSign = parse(request({ 'x-kms-another': ' one ', 'x-other': 'two' })).stringToSign;

  expect(stringToSign).toContain('\nx-kms-acccesskeyid:KAAP.11111111-2222-3333-4444-555555555555\nx-kms-another:one\n');
  expect(stringToSign).not.toContain('two');
  expect(parse(request({ 'x-kms-another': 'one' })).isSignedBy(publicKey)).toBe(false);
});

/** One invalid header per entry, in the order in which the server checks them. */
const invalidHeaders: readonly [change: Fields, status: number, code: string, message: string][] = [
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

test.each(invalidHeaders)('rejects %j with %i %s', (change, ...[status, code, message]) => {
  expect(errorOf(request(change))).toMatchObject({ status, code, message });
});

test.each(invalidHeaders.slice(1).map((entry, index) => [invalidHeaders[index]?.[3], entry] as const))(
  'reports the first of two errors: %s',
  (firstMessage, [laterChange]) => {
    const [firstChange] = invalidHeaders.find(([, , , message]) => message === firstMessage) ?? [{}];

    expect(errorOf(request({ ...laterChange, ...firstChange }))?.message).toBe(firstMessage);
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
])('rejects a request without %s with %s', (name, code, message) => {
  expect(errorOf(request({ [name]: undefined }))).toMatchObject({ code, message });
});

test.each(['Fri, 2 Jan 2026 03:04:05 GMT', 'Fri, 02 Jan 2026 03:04:05 +0000', 'Thu, 02 Jan 2026 03:04:05 GMT', 'now'])(
  'rejects the date %s',
  (date) => {
    expect(errorOf(request({ date }))?.message).toBe('The Param Date is invalid.');
  },
);

test('accepts a date that is up to fifteen minutes off', () => {
  for (const offset of [-15 * minute, 15 * minute]) {
    const date = new Date(now + offset).toUTCString();
    const tooFar = new Date(now + offset + Math.sign(offset) * 1000).toUTCString();

    expect(errorOf(request({ date }))).toBeUndefined();
    expect(errorOf(request({ date: tooFar }))?.code).toBe('RequestTimeTooSkewed');
  }
});

test.each([['Bearer'], ['Bearer '], ['bearer x'], ['Bearer x y'], ['TOKEN x'], ['x']])(
  'rejects the Authorization %s',
  (authorization) => {
    expect(errorOf(request({ authorization }))?.message).toBe('The Param Authorization is invalid.');
  },
);

test('accepts TOKEN if acceptTokenScheme is set', () => {
  const protocol = instanceApi({ clock: { date: () => now }, acceptTokenScheme: true });
  const authorization = vector.headers['authorization']?.replace('Bearer', 'TOKEN');

  expect(protocol.parse(request({ authorization })).isSignedBy(publicKey)).toBe(true);
});

test('rejects methods other than POST', () => {
  expect(errorOf({ ...request({}), method: 'GET' })?.code).toBe('UnsupportedOperation');
});

test('decodes the body only when the parameters are read', () => {
  const malformed = { ...request({}, { ...vector, bodyHex: '0a' }) };
  const headers = {
    ...malformed.headers,
    'content-length': '1',
    'content-sha256': '01BA4719C80B6FE911B091A7C05124B64EEECE964E09C058EF8F9805DACA546B',
  };

  const signed = parse({ ...malformed, headers });

  expect(() => signed.parameters).toThrow(expect.objectContaining({ status: 400, code: 'InvalidParameter' }));
  expect(instance[0]?.peek({ ...malformed, headers }).claims.secretName).toBeUndefined();
});

test('is selected by x-kms- headers, on instances only', () => {
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
])('translates %s to %i %s', (code, ...[status, instanceCode, message]) => {
  const noClaims = { action: undefined, versionId: undefined, versionStage: undefined };

  expect(
    instance[0]?.translateError?.(apiError(code), { ...noClaims, accessKeyId: 'KAAP.1', secretName: 'db' }),
  ).toMatchObject({ status, code: instanceCode, message });
});

function parse(received: WireRequest): ReturnType<ReturnType<typeof instanceApi>['parse']> {
  return instanceApi({ clock: { date: () => now }, acceptTokenScheme: false }).parse(received);
}

function errorOf(received: WireRequest): ApiError | undefined {
  try {
    parse(received);
    return undefined;
  } catch (error) {
    return error instanceof ApiError ? error : undefined;
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
