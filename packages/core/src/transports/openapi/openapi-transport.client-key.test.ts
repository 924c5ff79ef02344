import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { FakeClock } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { ClientKey } from '../../ports/credentials.ts';
import type { FetchFailure } from '../../ports/transport.ts';
import type { StubResponse, Loopback } from '../loopback.fixture.ts';
import { clientKeyVectors, startLoopback, vectorKey } from '../loopback.fixture.ts';
import { OpenApiTransport } from './openapi-transport.ts';

const signal = new AbortController().signal;
const request = { name: 'product!name/数据', stage: 'ACSCurrent' };

const publicKey = createPublicKey(
  createPrivateKey({
    key: Buffer.from(clientKeyVectors.key.privateKeyPkcs8DerBase64, 'base64'),
    format: 'der',
    type: 'pkcs8',
  }),
);

const response: StubResponse = {
  body: JSON.stringify({
    SecretName: request.name,
    SecretData: 's3cret-1',
    SecretDataType: 'text',
    VersionId: 'v1',
    VersionStages: { VersionStage: ['ACSCurrent'] },
    RequestId: 'r-1',
  }),
};

function open(loopback: Loopback, clientKey: ClientKey = vectorKey): OpenApiTransport {
  let requests = 0;
  const transport = new OpenApiTransport({
    endpoint: { host: loopback.host },
    ca: loopback.ca,
    clientKey: { getClientKey: () => clientKey },
    clock: new FakeClock(),
    connectTimeout: 2_000,
    maxResponseBytes: 65_536,
    nonce: () => `nonce-${(requests += 1)}`,
  });
  onTestFinished(() => transport.close());
  return transport;
}

test('signs the parameters of each request with RSA', async () => {
  await using loopback = await startLoopback(() => response);
  const transport = open(loopback);

  const secret = await transport.fetch(request, signal);
  await transport.fetch(request, signal);

  const [form = '', secondForm] = loopback.requests.map(({ body }) => body.toString('latin1'));
  const first = new URLSearchParams(form);
  const second = new URLSearchParams(secondForm);
  const signed = form.slice(0, form.indexOf('&Signature='));
  const text = `POST&%2F&${encodeURIComponent(signed)}`;
  expect(secret.text()).toBe('s3cret-1');
  expect(Object.fromEntries(first)).toMatchObject({
    AccessKeyId: vectorKey.keyId,
    Action: 'GetSecretValue',
    FetchExtendedConfig: 'true',
    Format: 'JSON',
    SecretName: request.name,
    SignatureMethod: 'SHA256withRSA',
    SignatureType: 'PRIVATEKEY',
    SignatureVersion: '1.0',
    Timestamp: '2026-01-02T03:04:05Z',
    Version: '2016-01-20',
    VersionStage: 'ACSCurrent',
  });
  expect(verify('sha256', Buffer.from(text), publicKey, Buffer.from(first.get('Signature') ?? '', 'base64'))).toBe(
    true,
  );
  expect([first.get('SignatureNonce'), second.get('SignatureNonce')]).toEqual(['nonce-1', 'nonce-2']);
  expect(loopback.requests[0]?.headers).not.toHaveProperty('authorization');
  expect(loopback.requests[0]).toMatchObject({ method: 'POST', path: '/', headers: { host: loopback.host } });
});

test.each([
  ['InvalidAccessKeyId.NotFound', 404, 'identity', 'The client key does not exist or has expired'],
  ['InvalidAccessKeyId.Inactive', 400, 'identity', 'The client key does not exist or has expired'],
  ['SignatureDoesNotMatch', 400, 'identity', 'does not match its KeyId'],
  ['Forbidden.NoPermission', 403, 'denied', 'application access point'],
] as const)('gives advice for a client key for %s', async (...[code, status, kind, words]) => {
  const body = JSON.stringify({ Code: code, RequestId: 'r-1', Message: 'server string to sign is:POST&s3cret-' });
  await using loopback = await startLoopback(() => ({ status, body }));

  const failure = await open(loopback)
    .fetch(request, signal)
    .catch((error: unknown) => error as FetchFailure);

  expect(failure).toMatchObject({ failure: kind, code });
  expect(String(failure)).toContain(words);
  expect(String(failure) + JSON.stringify(failure)).not.toMatch(/s3cret-|KAAP|Signature=/u);
});

test('sends no request if signing fails', async () => {
  await using loopback = await startLoopback(() => response);
  const broken = { ...vectorKey, sign: () => Promise.reject(new Error('s3cret-pin')) };

  const failure = await open(loopback, broken)
    .fetch(request, signal)
    .catch((error: unknown) => error as FetchFailure);

  expect(failure).toMatchObject({ failure: 'unreachable' });
  expect(String(failure)).not.toContain('s3cret-');
  expect(loopback.requests).toEqual([]);
});

test('does not show the signature or key id in a connection error', async () => {
  const loopback = await startLoopback(() => response);
  await loopback[Symbol.asyncDispose]();

  const failure = (await open(loopback)
    .fetch(request, signal)
    .catch((error: unknown) => error)) as FetchFailure;

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'ECONNREFUSED' });
  expect(`${failure.message} ${failure.stack} ${String(failure.cause)}`).not.toMatch(/KAAP|Signature/u);
});
