import { expect, test } from 'vitest';
import { readJsonError } from '../openapi/decode.ts';
import type { TransportError, ErrorContext } from './classify.ts';
import { classifyError } from './classify.ts';

const where: ErrorContext = {
  endpoint: 'kms.test',
  proxy: undefined,
  date: Date.UTC(2026, 0, 2, 3, 4, 5),
  identity: 'credentials',
  readError: readJsonError,
};

function answer(status: number, body: unknown, headers: Record<string, string> = {}): TransportError {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { kind: 'answer', status, headers, body: Buffer.from(text) };
}

function broken(code: string, message = `read ${code}`): TransportError {
  return { kind: 'error', error: Object.assign(new Error(message), { code }), certificate: undefined };
}

test.each([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EPROTO',
  'HPE_INVALID_CONSTANT',
])('%s is unreachable, and told by name', (code) => {
  const failure = classifyError(broken(code), where);

  expect(failure).toMatchObject({ failure: 'unreachable', code });
  expect(failure.message).toContain('kms.test');
  expect(failure.message).toContain(code);
});

test.each([
  ['CERT_HAS_EXPIRED', 'expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'for another name'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'authority that is not trusted'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'signed by itself'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'authority that is not known'],
])('%s is untrusted, in words', (code, words) => {
  const certificate = { subject: 'CN=elsewhere', altNames: 'DNS:elsewhere.test', validTo: 'Jan  1 00:00:00 2026 GMT' };
  const error = Object.assign(new Error('certificate'), { code });

  const failure = classifyError({ kind: 'error', error, certificate }, where);

  expect(failure).toMatchObject({ failure: 'untrusted', code });
  expect(failure.message).toContain(words);
  expect(failure.message).toContain('CN=elsewhere');
  expect(failure.message).toContain('DNS:elsewhere.test');
});

test('what the server writes into its certificate puts no control character into a message', () => {
  const certificate = { subject: `CN=\u001B[31m\n${'x'.repeat(1_000)}`, altNames: undefined, validTo: undefined };
  const error = Object.assign(new Error('certificate'), { code: 'CERT_HAS_EXPIRED' });

  const { message } = classifyError({ kind: 'error', error, certificate }, where);

  expect(message).not.toMatch(/\p{Cc}/u);
  expect(message.length).toBeLessThan(600);
});

test.each([
  [429, { Code: 'Rejected.Throttling', RequestId: 'r-1' }, 'throttled'],
  [400, { Code: 'Throttling.User', RequestId: 'r-1' }, 'throttled'],
  [503, { Code: 'ServiceUnavailableTemporary', RequestId: 'r-1' }, 'unavailable'],
  [500, { Code: 'InternalFailure', RequestId: 'r-1' }, 'unavailable'],
  [502, '<html>somebody</html>', 'unavailable'],
  [404, { Code: 'Forbidden.ResourceNotFound', RequestId: 'r-1' }, 'notFound'],
  [403, { Code: 'Forbidden.NoPermission', RequestId: 'r-1' }, 'denied'],
  [409, { Code: 'Rejected.Disabled', RequestId: 'r-1' }, 'disabled'],
  [400, { code: 'InvalidParameter', RequestId: 'r-1' }, 'rejected'],
  [403, '<html>somebody</html>', 'rejected'],
  [302, '', 'malformed'],
  [404, '[]', 'malformed'],
  [404, { Code: 'constructor prototype' }, 'malformed'],
] as const)('status %i with %j is %s', (status, body, name) => {
  const failure = classifyError(answer(status, body), where);

  expect(failure).toMatchObject({ failure: name, status });
  expect(failure.message).toContain(String(status));
  expect(failure.message).not.toContain('somebody');
});

test('the message of KMS is never told: it holds what was signed', () => {
  const Message = 'server string to sign is:POST AccessKeyId=LTAI5tFake s3cret-token';

  const failure = classifyError(answer(400, { Code: 'SignatureDoesNotMatch', Message, RequestId: 'abc-1' }), where);

  expect(failure).toMatchObject({ failure: 'denied', code: 'SignatureDoesNotMatch', requestId: 'abc-1' });
  expect(JSON.stringify(failure) + failure.message + String(failure.stack)).not.toMatch(/LTAI|s3cret-|string to sign/u);
});

test('a code without a request id is not KMS speaking: a firewall answers like that', () => {
  expect(classifyError(answer(403, { code: 'Forbidden' }), where)).toMatchObject({ failure: 'rejected' });
});

test('an expired time stamp tells how far the clock is off', () => {
  const ahead = answer(
    400,
    { Code: 'InvalidTimeStamp.Expired', RequestId: 'r-1' },
    { date: 'Fri, 02 Jan 2026 02:34:05 GMT' },
  );
  const behind = answer(
    400,
    { Code: 'InvalidTimeStamp.Expired', RequestId: 'r-1' },
    { date: 'Fri, 02 Jan 2026 04:04:05 GMT' },
  );
  const unknown = answer(400, { Code: 'InvalidTimeStamp.Expired', RequestId: 'r-1' });

  expect(classifyError(ahead, where).message).toContain('30m ahead of that of KMS');
  expect(classifyError(behind, where).message).toContain('1h behind that of KMS');
  expect(classifyError(unknown, where).message).toContain('more than 15 minutes');
});

test.each([
  ['300', 300],
  ['999999999', 60_000],
  ['0', undefined],
  ['-5', undefined],
  ['soon', undefined],
])('a server that asks for a wait of "%s" gets %s', (header, wait) => {
  const failure = classifyError(
    answer(429, { Code: 'Throttling', RequestId: 'r-1' }, { 'x-acs-retry-after': header }),
    where,
  );

  expect(failure.retryAfter).toBe(wait);
});

test('a proxy that refuses is unreachable, told by its host', () => {
  const error = new Error('Bad response: 407');

  const failure = classifyError(
    { kind: 'error', error, certificate: undefined },
    { ...where, proxy: 'proxy.test:3128' },
  );

  expect(failure.failure).toBe('unreachable');
  expect(failure.message).toContain('The proxy proxy.test:3128 refused');
  expect(failure.message).toContain('407');
});

test('bytes that hang on an error of the parser do not get on', () => {
  const error = Object.assign(new Error('Parse Error: Expected HTTP/'), {
    code: 'HPE_INVALID_CONSTANT',
    rawPacket: Buffer.from('s3cret-1'),
  });

  const { cause } = classifyError({ kind: 'error', error, certificate: undefined }, where);

  expect(cause).toMatchObject({ message: 'Parse Error: Expected HTTP/', code: 'HPE_INVALID_CONSTANT' });
  expect(cause).not.toHaveProperty('rawPacket');
});

test('a provider of credentials that fails is unreachable, and its message is not told', () => {
  const error = Object.assign(new Error('https://sts.test/?Signature=s3cret-2 failed'), {
    code: 'ETIMEDOUT',
    RequestId: 'r-1',
  });

  const failure = classifyError({ kind: 'credentials', error }, where);

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'ETIMEDOUT' });
  expect(failure.message).not.toContain('s3cret-');
  expect(failure.cause).toBeUndefined();
});

test('a code or a request id of an odd form is not repeated', () => {
  const failure = classifyError(answer(400, { Code: 'x\ny', RequestId: 'a b\u0007' }), where);

  expect(failure).toMatchObject({ code: undefined, requestId: undefined });
});
