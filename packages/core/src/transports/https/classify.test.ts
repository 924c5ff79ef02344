import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { readJsonError } from '../openapi/decode.ts';
import { FetchFailure } from '../../ports/transport.ts';
import { ProxyRefusal } from '../../network/proxy-tunnel.ts';
import type { TransportError, ErrorContext } from './classify.ts';
import { classifyError } from './classify.ts';

const context: ErrorContext = {
  endpoint: 'kms.test',
  proxy: undefined,
  date: Date.UTC(2026, 0, 2, 3, 4, 5),
  identity: 'accessKey',
  readError: readJsonError,
};

function response(status: number, body: unknown, headers: Record<string, string> = {}): TransportError {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { kind: 'response', status, headers, body: Buffer.from(text), isReusedConnection: false };
}

function networkError(code: string, message = `read ${code}`): TransportError {
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
])('classifies %s as unreachable and names the code', (code) => {
  const failure = classifyError(networkError(code), context);

  expect(failure).toMatchObject({ failure: 'unreachable', code });
  expect(failure.message).toContain('kms.test');
  expect(failure.message).toContain(code);
});

test('names the proxy of a request, and none without one', () => {
  const direct = classifyError(networkError('ECONNRESET'), context);
  const proxied = classifyError(networkError('ECONNRESET'), { ...context, proxy: 'http://proxy:3128' });

  expect(direct.message).not.toContain('proxy undefined');
  expect(direct.message).not.toContain('through');
  expect(proxied.message).toContain('kms.test (through the proxy http://proxy:3128)');
});

test.each([
  ['kst-hzz1.cryptoservice.kms.aliyuncs.com', 'ENOTFOUND', 'only from the VPCs that are associated with the instance'],
  ['kst-hzz1.cryptoservice.kms.aliyuncs.com:443', 'EAI_AGAIN', 'only from the VPCs'],
  ['kms-vpc.cn-hangzhou.aliyuncs.com', 'ETIMEDOUT', 'only from a VPC in cn-hangzhou. Elsewhere, use kms.cn-hangzhou.'],
  ['kms.cn-hangzhuo.aliyuncs.com', 'ENOTFOUND', 'Check the region id "cn-hangzhuo"'],
  ['kms.cn-hangzhou.aliyuncs.com', 'ECONNRESET', 'Check the endpoint, the network and the proxy'],
  ['kms.example.com', 'ENOTFOUND', 'Check the endpoint, the network and the proxy'],
])('gives advice for %s and %s', (endpoint, code, advice) => {
  expect(classifyError(networkError(code), { ...context, endpoint }).message).toContain(advice);
  // The name that does not resolve is then that of the proxy.
  const throughProxy = classifyError(networkError(code), { ...context, endpoint, proxy: 'http://proxy:3128' });
  expect(throughProxy.message).toMatch(/Check the (?:endpoint, the network and the proxy|DNS server)/u);
});

test.each([true, false])('a connect timeout at an instance mentions its VPCs (unresolved: %s)', (isUnresolved) => {
  const error: TransportError = { kind: 'connectTimeout', timeout: 2_000, isUnresolved };
  const endpoint = 'kst-hzz1.cryptoservice.kms.aliyuncs.com';

  expect(classifyError(error, { ...context, endpoint }).message).toMatch(/VPCs/u);
});

test.each([
  ['CERT_HAS_EXPIRED', 'expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'does not match the host name'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'has a root CA that is not trusted'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'is self-signed'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'is issued by an unknown CA'],
])('classifies %s as untrusted and describes the certificate', (code, words) => {
  const certificate = { subject: 'CN=elsewhere', altNames: 'DNS:elsewhere.test', validTo: 'Jan  1 00:00:00 2026 GMT' };
  const error = Object.assign(new Error('certificate'), { code });

  const failure = classifyError({ kind: 'error', error, certificate }, context);

  expect(failure).toMatchObject({ failure: 'untrusted', code });
  expect(failure.message).toContain(words);
  expect(failure.message).toContain('CN=elsewhere');
  expect(failure.message).toContain('DNS:elsewhere.test');
});

test('removes control characters of a certificate and truncates its names', () => {
  const certificate = { subject: `CN=\u001B[31m\n${'x'.repeat(1_000)}`, altNames: undefined, validTo: undefined };
  const error = Object.assign(new Error('certificate'), { code: 'CERT_HAS_EXPIRED' });

  const { message } = classifyError({ kind: 'error', error, certificate }, context);

  expect(message).not.toMatch(/\p{Cc}/u);
  expect(message.length).toBeLessThan(600);
});

test.each([
  [429, { Code: 'Rejected.Throttling', RequestId: 'r-1' }, 'throttled'],
  [400, { Code: 'Throttling.User', RequestId: 'r-1' }, 'throttled'],
  [503, { Code: 'ServiceUnavailableTemporary', RequestId: 'r-1' }, 'unavailable'],
  [500, { Code: 'InternalFailure', RequestId: 'r-1' }, 'unavailable'],
  [502, '<html>a page</html>', 'unavailable'],
  [404, { Code: 'Forbidden.ResourceNotFound', RequestId: 'r-1' }, 'notFound'],
  [403, { Code: 'Forbidden.NoPermission', RequestId: 'r-1' }, 'denied'],
  [409, { Code: 'Rejected.Disabled', RequestId: 'r-1' }, 'disabled'],
  [400, { code: 'InvalidParameter', RequestId: 'r-1' }, 'rejected'],
  [403, '<html>a page</html>', 'rejected'],
  [302, '', 'malformed'],
  [404, '[]', 'malformed'],
  [404, { Code: 'constructor prototype' }, 'malformed'],
] as const)('classifies status %i with %j as %s', (status, body, name) => {
  const failure = classifyError(response(status, body), context);

  expect(failure).toMatchObject({ failure: name, status });
  expect(failure.message).toContain(String(status));
  expect(failure.message).not.toContain('a page');
});

test('does not quote the message of KMS, which contains the string to sign', () => {
  const Message = 'server string to sign is:POST AccessKeyId=LTAI5tFake s3cret-token';

  const failure = classifyError(response(400, { Code: 'SignatureDoesNotMatch', Message, RequestId: 'abc-1' }), context);

  expect(failure).toMatchObject({ failure: 'identity', code: 'SignatureDoesNotMatch', requestId: 'abc-1' });
  expect(JSON.stringify(failure) + failure.message + String(failure.stack)).not.toMatch(/LTAI|s3cret-|string to sign/u);
});

test('does not take a code without a request id for one of KMS', () => {
  expect(classifyError(response(403, { code: 'Forbidden' }), context)).toMatchObject({ failure: 'rejected' });
});

test('reports how far the clock of this machine is off', () => {
  const ahead = response(
    400,
    { Code: 'InvalidTimeStamp.Expired', RequestId: 'r-1' },
    { date: 'Fri, 02 Jan 2026 02:34:05 GMT' },
  );
  const behind = response(
    400,
    { Code: 'InvalidTimeStamp.Expired', RequestId: 'r-1' },
    { date: 'Fri, 02 Jan 2026 04:04:05 GMT' },
  );
  const unknown = response(400, { Code: 'InvalidTimeStamp.Expired', RequestId: 'r-1' });

  expect(classifyError(ahead, context).message).toContain('30 min ahead of the clock of KMS');
  expect(classifyError(behind, context).message).toContain('1 h behind the clock of KMS');
  expect(classifyError(unknown, context).message).toContain('more than 15 minutes');
});

test.each([
  ['300', 300],
  ['999999999', 60_000],
  ['0', undefined],
  ['-5', undefined],
  ['soon', undefined],
])('reads a Retry-After of "%s" as %s', (header, retryAfter) => {
  const failure = classifyError(
    response(429, { Code: 'Throttling', RequestId: 'r-1' }, { 'x-acs-retry-after': header }),
    context,
  );

  expect(failure.retryAfter).toBe(retryAfter);
});

test.each([
  ['3', 3_000],
  ['Fri, 02 Jan 2026 03:04:08 GMT', 3_000],
  ['3600', 60_000],
])('reads a Retry-After of a gateway: "%s"', (header, retryAfter) => {
  const failure = classifyError(response(503, '<html>busy</html>', { 'retry-after': header }), context);

  expect(failure).toMatchObject({ failure: 'unavailable', retryAfter });
});

test('keeps the Retry-After of a response that is too large', () => {
  const error = { kind: 'tooLarge', status: 503, headers: { 'retry-after': '3' }, limit: 1_048_576 } as const;

  expect(classifyError(error, context)).toMatchObject({ failure: 'unavailable', retryAfter: 3_000 });
});

test('keeps the Retry-After of a credentials provider', () => {
  const error = new FetchFailure('throttled', 'STS throttles.', { retryAfter: 3_000 });

  expect(classifyError({ kind: 'credentialsFailed', error }, context)).toMatchObject({ retryAfter: 3_000 });
});

test('names the proxy that refuses the connection', () => {
  const error = new ProxyRefusal(407, ['Basic']);

  const failure = classifyError(
    { kind: 'error', error, certificate: undefined },
    { ...context, proxy: 'proxy.test:3128' },
  );

  expect(failure.failure).toBe('unreachable');
  expect(failure.message).toContain('The proxy proxy.test:3128 refused');
  expect(failure.message).toContain('407');
});

test('says how to trust the certificate of an HTTPS proxy', () => {
  const failure = classifyError(networkError('DEPTH_ZERO_SELF_SIGNED_CERT'), { ...context, proxy: 'proxy.test:3128' });

  expect(failure.failure).toBe('untrusted');
  expect(failure.message).toContain('The proxy proxy.test:3128 is not trusted');
  expect(failure.message).toContain('NODE_EXTRA_CA_CERTS');
  expect(failure.message).not.toContain('caFilePath');
});

test('drops the response bytes on an error of the HTTP parser', () => {
  const error = Object.assign(new Error('Parse Error: Expected HTTP/'), {
    code: 'HPE_INVALID_CONSTANT',
    rawPacket: Buffer.from('s3cret-1'),
  });

  const { cause } = classifyError({ kind: 'error', error, certificate: undefined }, context);

  expect(cause).toMatchObject({ message: 'Parse Error: Expected HTTP/', code: 'HPE_INVALID_CONSTANT' });
  expect(cause).not.toHaveProperty('rawPacket');
});

test('does not quote the error of a credentials provider', () => {
  const error = Object.assign(new Error('https://sts.test/?Signature=s3cret-2 failed'), {
    code: 'ETIMEDOUT',
    RequestId: 'r-1',
  });

  const failure = classifyError({ kind: 'credentialsFailed', error }, context);

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'ETIMEDOUT' });
  expect(failure.message).toMatch(/Error, ETIMEDOUT was thrown at \S+classify\.test\.ts:\d+:\d+\./u);
  expect(failure.cause).toMatchObject({ code: 'ETIMEDOUT' });
  expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain('s3cret-');
});

test.each(['credentialsFailed', 'signingFailed'] as const)('reports a module that is missing: %s', (kind) => {
  const error = Object.assign(new Error("Cannot find package 'x'"), { code: 'ERR_MODULE_NOT_FOUND' });

  const failure = classifyError({ kind, error }, context);

  expect(failure).toMatchObject({ failure: 'rejected', code: 'ERR_MODULE_NOT_FOUND' });
  expect(failure.message).toContain("Cannot find package 'x'");
  expect(failure.message).toContain('README');
});

test('ignores a code or request id of an unexpected form', () => {
  const failure = classifyError(response(400, { Code: 'x\ny', RequestId: 'a b\u0007' }), context);

  expect(failure).toMatchObject({ code: undefined, requestId: undefined });
});
