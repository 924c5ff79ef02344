import { FakeClock } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { FetchFailure } from '../../ports/transport.ts';
import type { SecretRequest } from '../../secret/secret-request.ts';
import type { StubResponse, Loopback } from '../loopback.fixture.ts';
import { clientKeyVectors, startLoopback, vectorKey, vectorKeys } from '../loopback.fixture.ts';
import type { InstanceTransportOptions } from './instance-transport.ts';
import { InstanceTransport } from './instance-transport.ts';

const { protobuf, instanceApi } = clientKeyVectors;
const [generic, rds] = protobuf.response.map(({ hex }) => Buffer.from(hex, 'hex'));
const signal = new AbortController().signal;

function open(loopback: Loopback, options: Partial<InstanceTransportOptions> = {}): InstanceTransport {
  const transport = new InstanceTransport({
    endpoint: { host: loopback.host },
    ca: loopback.ca,
    clientKey: vectorKeys,
    clock: new FakeClock(),
    connectTimeout: 2_000,
    maxResponseBytes: 65_536,
    ...options,
  });
  onTestFinished(() => transport.close());
  return transport;
}

async function failureOf(
  response: StubResponse,
  options?: Partial<InstanceTransportOptions>,
  request: SecretRequest = { name: 'secret001' },
): Promise<FetchFailure> {
  await using loopback = await startLoopback(() => response);
  try {
    await open(loopback, options).fetch(request, signal);
  } catch (error) {
    return error as FetchFailure;
  }
  throw new Error('expected a failure');
}

/** An error message of the instance API. */
function errorBody(code: string, requestId = 'e85db688-a2d3-44ca-9790-4259f59e90d8'): Buffer {
  const text = (tag: number, value: string): Buffer =>
    Buffer.concat([Buffer.from([tag, value.length]), Buffer.from(value)]);
  return Buffer.concat([text(0x12, code), text(0x1a, 'server says s3cret-text'), text(0x22, requestId)]);
}

test.each([
  ['dkms-full', { name: 'secret001', stage: 'ACSCurrent' }],
  ['dkms-utf8', { name: '数据库/密码', stage: 'ACSCurrent' }],
])('sends the request %s byte for byte like the official client', async (id, request) => {
  const vector = instanceApi.find((candidate) => candidate.id === id);
  await using loopback = await startLoopback(() => ({ status: 500 }));
  const host = vector?.headers['host'] ?? '';
  const transport = open(loopback, { endpoint: { host }, proxy: loopback.proxy, userAgent: 'probe/1' });

  await transport.fetch(request, signal).catch(() => {});

  const [received] = loopback.requests;
  const head = [`${received?.method} ${received?.path} HTTP/1.1`, ...(received?.headerLines ?? []), '', ''].join(
    '\r\n',
  );
  const raw = Buffer.concat([Buffer.from(head), received?.body ?? Buffer.alloc(0)]);
  expect(raw.toString('latin1')).toBe(Buffer.from(vector?.rawRequestBase64 ?? '', 'base64').toString('latin1'));
});

test('fetches a secret', async () => {
  await using loopback = await startLoopback(() => ({ body: generic ?? '' }));

  const secret = await open(loopback).fetch({ name: 'secret001' }, signal);

  expect(secret.text()).toBe('testdata1');
  expect(secret).toMatchObject({ name: 'secret001', versionId: '00000000000000000000000000000001', stale: false });
  expect(secret.stages).toEqual(['ACSCurrent']);
  expect(secret.requestId).toBe('6a3e9c36-1150-4881-84d3-eb8672fcafad');
});

test('decodes all fields of a managed secret', async () => {
  await using loopback = await startLoopback(() => ({ body: rds ?? '' }));

  const secret = await open(loopback).fetch({ name: 'rds/db1' }, signal);

  expect(secret.type).toBe('Rds');
  expect(secret.stages).toEqual(['ACSCurrent', 'ACSPrevious']);
  expect(secret.rotation).toMatchObject({ state: 'Enabled', interval: 86_400_000 });
  expect(secret.extendedConfig).toMatchObject({ SecretSubType: 'SingleUser' });
});

test.each([
  ['an empty body', Buffer.alloc(0), 'SecretName is missing'],
  ['another secret', rds, 'not the requested secret'],
  ['an HTML page', '<html>s3cret-page</html>', 'not a response of KMS'],
  ['a truncated message', generic?.subarray(0, 40), 'longer than its message'],
  ['too many bytes', Buffer.alloc(70_000), 'more than 65536 bytes'],
])('reports %s with status 200 as malformed and does not quote it', async (_, body, words) => {
  const failure = await failureOf({ body: body ?? '' });

  expect(failure).toMatchObject({ failure: 'malformed', status: 200 });
  expect(failure.message).toContain(words);
  expect(failure.message).not.toContain('s3cret-');
});

test.each([
  [415, 'InvalidContentType', 'rejected'],
  [400, 'InvalidApiVersion', 'rejected'],
  [400, 'MissingParameter', 'rejected'],
  [400, 'InvalidParam', 'rejected'],
  [400, 'RequestTimeTooSkewed', 'identity'],
  [404, 'Unauthorized', 'identity'],
  [401, 'SignatureNotMatch', 'identity'],
  [403, 'Forbidden.NoPermission', 'denied'],
  [404, 'Forbidden.ResourceNotFound', 'notFound'],
  [404, 'Forbidden.KeyNotFound', 'disabled'],
  [409, 'Rejected.PendingImport', 'disabled'],
  [409, 'Rejected.Disabled', 'disabled'],
  [429, 'Rejected.Throttling', 'throttled'],
  [500, 'InternalFailure', 'unavailable'],
  [503, 'ServiceUnavailableTemporary', 'unavailable'],
])('classifies status %i with %s as %s', async (status, code, name) => {
  const failure = await failureOf({ status, body: errorBody(code) });

  expect(failure).toMatchObject({ failure: name, status, code, requestId: 'e85db688-a2d3-44ca-9790-4259f59e90d8' });
  expect(failure.message + JSON.stringify(failure)).not.toMatch(/s3cret-|Bearer|KAAP/u);
});

test.each([
  [502, '<html>s3cret-page</html>', 'unavailable'],
  [503, '', 'unavailable'],
  [403, '<html>s3cret-page</html>', 'rejected'],
  [413, '', 'malformed'],
  [500, errorBody('x\ny'), 'unavailable'],
])('classifies status %i with the body %j as %s', async (status, body, name) => {
  const failure = await failureOf({ status, body });

  expect(failure).toMatchObject({ failure: name, status, code: undefined });
  expect(failure.message).not.toContain('s3cret-');
});

test('reports how far the clock of this machine is off', async () => {
  const failure = await failureOf({
    status: 400,
    headers: { date: 'Fri, 02 Jan 2026 03:24:05 GMT' },
    body: errorBody('RequestTimeTooSkewed'),
  });

  expect(failure.message).toContain('20 min behind the clock of KMS');
});

test.each([
  [404, 'Unauthorized', 'does not exist or has expired'],
  [401, 'SignatureNotMatch', 'does not match its KeyId'],
  [403, 'Forbidden.NoPermission', 'application access point'],
])('gives advice for a client key for status %i and %s', async (status, code, words) => {
  const { message } = await failureOf({ status, body: errorBody(code) });

  expect(message).toContain(words);
});

test('sends no request if signing fails and does not quote the error', async () => {
  await using loopback = await startLoopback(() => ({}));
  const broken = { ...vectorKey, sign: () => Promise.reject(new Error('s3cret-pin')) };

  const failure = await open(loopback, { clientKey: { getClientKey: () => broken } })
    .fetch({ name: 'secret001' }, signal)
    .catch((error: unknown) => error as FetchFailure);

  expect(failure).toMatchObject({ failure: 'unreachable' });
  expect(String(failure)).toContain('signing with the client key failed');
  expect(String(failure)).not.toContain('s3cret-');
  expect(loopback.requests).toEqual([]);
});

test('rejects a name with a lone surrogate and sends no request', async () => {
  expect(await failureOf({}, {}, { name: 'a\uD800' })).toMatchObject({ failure: 'rejected' });
});

test('sends no request if the CA is unknown, unless verification is off', async () => {
  await using loopback = await startLoopback(() => ({ body: generic ?? '' }));
  const request = { name: 'secret001' };

  const failure = await open(loopback, { ca: undefined })
    .fetch(request, signal)
    .catch((error: unknown) => error as FetchFailure);
  const requests = loopback.requests.length;
  const secret = await open(loopback, { ca: undefined, verifyCertificate: false }).fetch(request, signal);

  expect(failure).toMatchObject({ failure: 'untrusted' });
  expect(requests).toBe(0);
  expect(secret.text()).toBe('testdata1');
});

test('names host and certificate if they do not match', async () => {
  await using loopback = await startLoopback(() => ({ body: generic ?? '' }));
  const endpoint = { host: 'kst-other.cryptoservice.kms.aliyuncs.com' };

  const failure = await open(loopback, { endpoint, proxy: loopback.proxy })
    .fetch({ name: 'secret001' }, signal)
    .catch((error: unknown) => error as FetchFailure);

  expect(failure).toMatchObject({ failure: 'untrusted', code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  expect(String(failure)).toContain('kst-other.cryptoservice.kms.aliyuncs.com is not trusted');
  expect(String(failure)).toContain('CN=Loopback of the tests');
});

test('rejects when the signal aborts or the transport is closed', async () => {
  await using loopback = await startLoopback(() => ({ body: generic ?? '' }));
  const transport = open(loopback, {
    clientKey: { getClientKey: () => ({ ...vectorKey, sign: () => new Promise(() => {}) }) },
  });
  const controller = new AbortController();
  const fetching = transport.fetch({ name: 'secret001' }, controller.signal);

  controller.abort('stop');
  transport.close();

  await expect(fetching).rejects.toBe('stop');
  await expect(transport.fetch({ name: 'secret001' }, signal)).rejects.toMatchObject({ failure: 'rejected' });
  expect(loopback.requests).toEqual([]);
});
