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

const answer: StubResponse = {
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
  let turn = 0;
  const transport = new OpenApiTransport({
    endpoint: { host: loopback.host },
    ca: loopback.ca,
    clientKey,
    clock: new FakeClock(),
    connectTimeout: 2_000,
    maxResponseBytes: 65_536,
    nonce: () => `nonce-${(turn += 1)}`,
  });
  onTestFinished(() => transport.close());
  return transport;
}

test('a client key signs the whole query with RSA, and each request anew', async () => {
  await using loopback = await startLoopback(() => answer);
  const transport = open(loopback);

  const secret = await transport.fetch(request, signal);
  await transport.fetch(request, signal);

  const [first, second] = loopback.requests.map(({ path }) => new URL(path, 'https://kms.test').searchParams);
  const path = loopback.requests[0]?.path ?? '';
  const signed = path.slice(2, path.indexOf('&Signature='));
  const text = `POST&%2F&${encodeURIComponent(signed)}`;
  expect(secret.text()).toBe('s3cret-1');
  expect(Object.fromEntries(first ?? [])).toMatchObject({
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
  expect(verify('sha256', Buffer.from(text), publicKey, Buffer.from(first?.get('Signature') ?? '', 'base64'))).toBe(
    true,
  );
  expect([first?.get('SignatureNonce'), second?.get('SignatureNonce')]).toEqual(['nonce-1', 'nonce-2']);
  expect(loopback.requests[0]?.headers).not.toHaveProperty('authorization');
  expect(loopback.requests[0]).toMatchObject({ method: 'POST', headers: { host: loopback.host } });
});

test.each([
  ['InvalidAccessKeyId.NotFound', 404, 'The client key does not exist any more'],
  ['SignatureDoesNotMatch', 400, 'does not belong to its KeyId'],
  ['Forbidden.NoPermission', 403, 'application access point'],
])('%s is told as what it means of a client key', async (code, status, words) => {
  const body = JSON.stringify({ Code: code, RequestId: 'r-1', Message: 'server string to sign is:POST&s3cret-' });
  await using loopback = await startLoopback(() => ({ status, body }));

  const failure = await open(loopback)
    .fetch(request, signal)
    .catch((error: unknown) => error as FetchFailure);

  expect(failure).toMatchObject({ failure: 'denied', code });
  expect(String(failure)).toContain(words);
  expect(String(failure) + JSON.stringify(failure)).not.toMatch(/s3cret-|KAAP|Signature=/u);
});

test('a key that cannot sign lets nothing be asked', async () => {
  await using loopback = await startLoopback(() => answer);
  const broken = { ...vectorKey, sign: () => Promise.reject(new Error('s3cret-pin')) };

  const failure = await open(loopback, broken)
    .fetch(request, signal)
    .catch((error: unknown) => error as FetchFailure);

  expect(failure).toMatchObject({ failure: 'unreachable' });
  expect(String(failure)).not.toContain('s3cret-');
  expect(loopback.requests).toEqual([]);
});

test('neither the signature nor the key id shows when the connection breaks', async () => {
  const loopback = await startLoopback(() => answer);
  await loopback[Symbol.asyncDispose]();

  const failure = (await open(loopback)
    .fetch(request, signal)
    .catch((error: unknown) => error)) as FetchFailure;

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'ECONNREFUSED' });
  expect(`${failure.message} ${failure.stack} ${String(failure.cause)}`).not.toMatch(/KAAP|Signature/u);
});
