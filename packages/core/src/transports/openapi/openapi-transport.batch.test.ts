import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms, FakeKmsOptions } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../time/clock.ts';
import { Secret } from '../../secret/secret.ts';
import type { FetchFailure } from '../../ports/transport.ts';
import type { SecretRequest } from '../../secret/secret-request.ts';
import { startLoopback } from '../loopback.fixture.ts';
import { OpenApiTransport } from './openapi-transport.ts';

const { signal } = new AbortController();

function open({ host, ca }: { readonly host: string; readonly ca: string }): OpenApiTransport {
  const transport = new OpenApiTransport({
    endpoint: { host },
    ca,
    credentials: {
      getCredential: () => Promise.resolve({ accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' }),
    },
    clock: systemClock,
    connectTimeout: 2_000,
    maxResponseBytes: 1_048_576,
  });
  onTestFinished(() => transport.close());
  return transport;
}

async function openWithKms(options: FakeKmsOptions = {}): Promise<{ kms: FakeKms; transport: OpenApiTransport }> {
  const accessKey = { accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' };
  const kms = await startFakeKms({ accessKey, ...options });
  onTestFinished(() => kms.close());
  return { kms, transport: open({ host: kms.endpoint('cn-hangzhou').endpoint, ca: kms.caPem }) };
}

test('fetches several secrets in one request, in the requested order', async () => {
  const { kms, transport } = await openWithKms();
  kms.put('b/1', 's3cret-1', { versionId: 'v1' });
  kms.put('b/1', 's3cret-2', { versionId: 'v2' });
  kms.put('product!a', 's3cret-ключ', { versionId: 'v9' });
  kms.put('rds', '{"AccountName":"a","AccountPassword":"s3cret-3"}', { type: 'Rds' });
  const requests: readonly SecretRequest[] = [
    { name: 'rds', stage: 'ACSCurrent' },
    { name: 'product!a', versionId: 'v9' },
    { name: 'acs:kms:cn-hangzhou:1234567890123456:secret/b/1', stage: 'ACSPrevious' },
  ];

  const outcomes = await transport.fetchMany(requests, signal);

  expect(outcomes.every((outcome) => outcome instanceof Secret)).toBe(true);
  expect(outcomes.map(({ name }) => name)).toEqual(['rds', 'product!a', 'b/1']);
  const [rds, product, older] = outcomes as readonly Secret[]; // checked above
  expect([product?.versionId, older?.versionId]).toEqual(['v9', 'v1']);
  expect(rds?.extendedConfig).toMatchObject({ SecretSubType: 'SingleUser' });
  expect(product?.text() === 's3cret-ключ').toBe(true);
  expect(kms.requests).toMatchObject([{ action: 'BatchGetSecretValue', protocol: 'acs3', status: 200 }]);
});

test('returns a failure for each denied or missing secret', async () => {
  const { kms, transport } = await openWithKms();
  kms.put('a', 's3cret-a');
  kms.deny('b');
  kms.put('c', 's3cret-c');
  kms.disable('c');

  const outcomes = await transport.fetchMany(
    ['a', 'b', 'c', 'd'].map((name) => ({ name })),
    signal,
  );

  const failures = outcomes.map((outcome) => (outcome as FetchFailure).failure);
  expect(failures).toEqual([undefined, 'denied', 'disabled', 'notFound']);
  expect((outcomes[1] as FetchFailure).message).toContain('kms:GetSecretValue');
  expect((outcomes[1] as FetchFailure).requestId).toMatch(/^\S{8,}$/u);
});

test('rejects if the action is not supported or the request fails', async () => {
  const { transport } = await openWithKms({ supportsBatch: false });
  const { kms, transport: other } = await openWithKms();
  kms.fault({ kind: 'throttle', retryAfter: 3_000 });
  const requests = [{ name: 'a' }, { name: 'b' }];

  await expect(transport.fetchMany(requests, signal)).rejects.toMatchObject({ code: 'InvalidAction.NotFound' });
  await expect(other.fetchMany(requests, signal)).rejects.toMatchObject({ failure: 'throttled', retryAfter: 3_000 });
});

test('rejects a name with a lone surrogate and sends no request', async () => {
  const { kms, transport } = await openWithKms();

  await expect(transport.fetchMany([{ name: 'a' }, { name: '\uD800' }], signal)).rejects.toMatchObject({
    failure: 'rejected',
  });
  expect(kms.requests).toEqual([]);
});

const value = {
  SecretName: 'a',
  SecretData: 's3cret-a',
  SecretDataType: 'text',
  SecretType: 'Generic',
  VersionId: 'v1',
  VersionStages: { VersionStage: ['ACSCurrent'] },
};

test.each<[string, object]>([
  ['nothing', {}],
  ['no lists', { SecretValues: { a: value }, Errors: 'none' }],
  ['lists with other entries', { SecretValues: ['a', null, [value]], Errors: [7] }],
  ['another secret', { SecretValues: [{ ...value, SecretName: 'x' }], Errors: [] }],
  ['a secret without a value', { SecretValues: [{ ...value, SecretData: undefined }] }],
  ['a value that is not a string', { SecretValues: [{ ...value, SecretData: 7 }] }],
  ['an error without a code', { Errors: [{ SecretName: 'a', HttpStatus: 404 }] }],
  ['an error with a sentence as code', { Errors: [{ SecretName: 'a', HttpStatus: 404, Code: 's3cret- code' }] }],
  ['an error with status 200', { Errors: [{ SecretName: 'a', HttpStatus: 200, Code: 'Ok' }] }],
  [
    'an error with a string as status',
    { Errors: [{ SecretName: 'a', HttpStatus: '404', Code: 'Forbidden.NoPermission' }] },
  ],
])('reports a response with %s as malformed and does not quote it', async (_, body) => {
  await using loopback = await startLoopback(() => ({ body: JSON.stringify({ RequestId: 'r-1', ...body }) }));

  const [outcome] = await open(loopback).fetchMany([{ name: 'a' }], signal);

  expect(outcome).toMatchObject({ failure: 'malformed' });
  expect(String(outcome)).not.toContain('s3cret-');
});

test.each(['null', '[]', '{"SecretValues":[', ''])('rejects a body of %j as malformed', async (body) => {
  await using loopback = await startLoopback(() => ({ body }));

  await expect(open(loopback).fetchMany([{ name: 'a' }], signal)).rejects.toMatchObject({ failure: 'malformed' });
});
