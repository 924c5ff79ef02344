import { FakeClock } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { FetchFailure, SecretRequest } from '../../ports/transport.ts';
import type { StubResponse, Loopback } from '../loopback.fixture.ts';
import { clientKeyVectors, startLoopback, vectorKey } from '../loopback.fixture.ts';
import type { InstanceTransportOptions } from './instance-transport.ts';
import { InstanceTransport } from './instance-transport.ts';

const { protobuf, instanceApi } = clientKeyVectors;
const [generic, rds] = protobuf.response.map(({ hex }) => Buffer.from(hex, 'hex'));
const signal = new AbortController().signal;

function open(loopback: Loopback, parts: Partial<InstanceTransportOptions> = {}): InstanceTransport {
  const transport = new InstanceTransport({
    endpoint: { host: loopback.host },
    ca: loopback.ca,
    clientKey: vectorKey,
    clock: new FakeClock(),
    connectTimeout: 2_000,
    maxResponseBytes: 65_536,
    ...parts,
  });
  onTestFinished(() => transport.close());
  return transport;
}

async function failureOf(
  answer: StubResponse,
  parts?: Partial<InstanceTransportOptions>,
  request: SecretRequest = { name: 'secret001' },
): Promise<FetchFailure> {
  await using loopback = await startLoopback(() => answer);
  try {
    await open(loopback, parts).fetch(request, signal);
  } catch (error) {
    return error as FetchFailure;
  }
  throw new Error('was not refused');
}

/** An Error of the instance API. */
function errorBody(code: string, requestId = 'e85db688-a2d3-44ca-9790-4259f59e90d8'): Buffer {
  const text = (tag: number, value: string): Buffer =>
    Buffer.concat([Buffer.from([tag, value.length]), Buffer.from(value)]);
  return Buffer.concat([text(0x12, code), text(0x1a, 'server says s3cret-text'), text(0x22, requestId)]);
}

test.each([
  ['dkms-full', { name: 'secret001', stage: 'ACSCurrent' }],
  ['dkms-utf8', { name: '数据库/密码', stage: 'ACSCurrent' }],
])('the request %s goes over the wire byte by byte as the official client sends it', async (id, request) => {
  const vector = instanceApi.find((candidate) => candidate.id === id);
  await using loopback = await startLoopback(() => ({ status: 500 }));
  const host = vector?.headers['host'] ?? '';
  const transport = open(loopback, { endpoint: { host }, proxy: loopback.proxy, userAgent: 'probe/1' });

  await transport.fetch(request, signal).catch(() => {});

  const [seen] = loopback.requests;
  const head = [`${seen?.method} ${seen?.path} HTTP/1.1`, ...(seen?.headerLines ?? []), '', ''].join('\r\n');
  const raw = Buffer.concat([Buffer.from(head), seen?.body ?? Buffer.alloc(0)]);
  expect(raw.toString('latin1')).toBe(Buffer.from(vector?.rawRequestBase64 ?? '', 'base64').toString('latin1'));
});

test('a secret is read', async () => {
  await using loopback = await startLoopback(() => ({ body: generic ?? '' }));

  const secret = await open(loopback).fetch({ name: 'secret001' }, signal);

  expect(secret.text()).toBe('testdata1');
  expect(secret).toMatchObject({ name: 'secret001', versionId: '00000000000000000000000000000001', stale: false });
  expect(secret.stages).toEqual(['ACSCurrent']);
  expect(secret.requestId).toBe('6a3e9c36-1150-4881-84d3-eb8672fcafad');
});

test('a managed secret is read with all that KMS tells of it', async () => {
  await using loopback = await startLoopback(() => ({ body: rds ?? '' }));

  const secret = await open(loopback).fetch({ name: 'rds/db1' }, signal);

  expect(secret.type).toBe('Rds');
  expect(secret.stages).toEqual(['ACSCurrent', 'ACSPrevious']);
  expect(secret.rotation).toMatchObject({ state: 'Enabled', interval: 86_400_000 });
  expect(secret.extendedConfig).toMatchObject({ SecretSubType: 'SingleUser' });
});

test.each([
  ['an empty body', Buffer.alloc(0), 'it has no SecretName'],
  ['another secret', rds, 'another secret'],
  ['a page', '<html>s3cret-page</html>', 'no answer of KMS'],
  ['half an answer', generic?.subarray(0, 40), 'longer than what holds it'],
  ['too much', Buffer.alloc(70_000), 'more than 65536 bytes'],
])('%s with status 200 is malformed, and nothing of it shows', async (_, body, words) => {
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
  [400, 'RequestTimeTooSkewed', 'rejected'],
  [404, 'Unauthorized', 'denied'],
  [401, 'SignatureNotMatch', 'denied'],
  [403, 'Forbidden.NoPermission', 'denied'],
  [404, 'Forbidden.ResourceNotFound', 'notFound'],
  [404, 'Forbidden.KeyNotFound', 'disabled'],
  [409, 'Rejected.PendingImport', 'disabled'],
  [409, 'Rejected.Disabled', 'disabled'],
  [429, 'Rejected.Throttling', 'throttled'],
  [500, 'InternalFailure', 'unavailable'],
  [503, 'ServiceUnavailableTemporary', 'unavailable'],
])('status %i with %s is told by name as %s', async (status, code, name) => {
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
])('status %i with a body that is no error of KMS keeps its status, as %s', async (status, body, name) => {
  const failure = await failureOf({ status, body });

  expect(failure).toMatchObject({ failure: name, status, code: undefined });
  expect(failure.message).not.toContain('s3cret-');
});

test('a wrong clock is told by how much', async () => {
  const failure = await failureOf({
    status: 400,
    headers: { date: 'Fri, 02 Jan 2026 03:24:05 GMT' },
    body: errorBody('RequestTimeTooSkewed'),
  });

  expect(failure.message).toContain('20m behind that of KMS');
});

test.each([
  [404, 'Unauthorized', 'does not exist any more, or has expired'],
  [401, 'SignatureNotMatch', 'does not belong to its KeyId'],
  [403, 'Forbidden.NoPermission', 'application access point'],
])('what to do about status %i and %s is said for a client key', async (status, code, words) => {
  const { message } = await failureOf({ status, body: errorBody(code) });

  expect(message).toContain(words);
});

test('a key that cannot sign lets nothing be asked, and what it said is not told', async () => {
  await using loopback = await startLoopback(() => ({}));
  const clientKey = { ...vectorKey, sign: () => Promise.reject(new Error('s3cret-pin')) };

  const failure = await open(loopback, { clientKey })
    .fetch({ name: 'secret001' }, signal)
    .catch((error: unknown) => error as FetchFailure);

  expect(failure).toMatchObject({ failure: 'unreachable' });
  expect(String(failure)).toContain('the client key could not sign');
  expect(String(failure)).not.toContain('s3cret-');
  expect(loopback.requests).toEqual([]);
});

test('half a character in a name is rejected before anything is asked', async () => {
  expect(await failureOf({}, {}, { name: 'a\uD800' })).toMatchObject({ failure: 'rejected' });
});

test('a certificate of an authority that is not known gets no request, unless checking is switched off', async () => {
  await using loopback = await startLoopback(() => ({ body: generic ?? '' }));
  const request = { name: 'secret001' };

  const failure = await open(loopback, { ca: undefined })
    .fetch(request, signal)
    .catch((error: unknown) => error as FetchFailure);
  const asked = loopback.requests.length;
  const secret = await open(loopback, { ca: undefined, verifyCertificate: false }).fetch(request, signal);

  expect(failure).toMatchObject({ failure: 'untrusted' });
  expect(asked).toBe(0);
  expect(secret.text()).toBe('testdata1');
});

test('a certificate for another name is told with the host and the name', async () => {
  await using loopback = await startLoopback(() => ({ body: generic ?? '' }));
  const endpoint = { host: 'kst-other.cryptoservice.kms.aliyuncs.com' };

  const failure = await open(loopback, { endpoint, proxy: loopback.proxy })
    .fetch({ name: 'secret001' }, signal)
    .catch((error: unknown) => error as FetchFailure);

  expect(failure).toMatchObject({ failure: 'untrusted', code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  expect(String(failure)).toContain('kst-other.cryptoservice.kms.aliyuncs.com is not trusted');
  expect(String(failure)).toContain('CN=Loopback of the tests');
});

test('a signal ends a fetch, and a closed transport asks nobody', async () => {
  await using loopback = await startLoopback(() => ({ body: generic ?? '' }));
  const transport = open(loopback, { clientKey: { ...vectorKey, sign: () => new Promise(() => {}) } });
  const controller = new AbortController();
  const reading = transport.fetch({ name: 'secret001' }, controller.signal);

  controller.abort('enough');
  transport.close();

  await expect(reading).rejects.toBe('enough');
  await expect(transport.fetch({ name: 'secret001' }, signal)).rejects.toMatchObject({ failure: 'rejected' });
  expect(loopback.requests).toEqual([]);
});
