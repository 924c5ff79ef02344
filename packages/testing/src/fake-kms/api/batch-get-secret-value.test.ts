import { expect, onTestFinished, test } from 'vitest';

import { startFakeKms } from '../start-fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import type { FakeKmsOptions } from '../options.ts';
import { sendAcs3, sendRpc, sendRpcWithClientKey } from '../test-client.fixture.ts';
import type { TestResponse } from '../test-client.fixture.ts';

async function start(options: FakeKmsOptions = {}): Promise<FakeKms> {
  const kms = await startFakeKms({ instances: ['kst-one'], ...options });
  onTestFinished(() => kms.close());
  for (const name of ['a', 'b', 'c']) kms.put(name, `s3cret-${name}`, { versionId: 'v1' });
  return kms;
}

interface Body {
  readonly RequestId?: string;
  readonly SecretValues?: readonly Readonly<Record<string, unknown>>[];
  readonly Errors?: readonly Readonly<Record<string, unknown>>[];
  readonly Code?: string;
}

const list = (entries: readonly unknown[]): { SecretsList: string } => ({ SecretsList: JSON.stringify(entries) });
const named = (...names: readonly string[]): { SecretsList: string } =>
  list(names.map((SecretName) => ({ SecretName })));

function batch(kms: FakeKms, parameters: Readonly<Record<string, string>>): Promise<TestResponse> {
  return sendAcs3({ kms, parameters, beforeSigning: { 'x-acs-action': 'BatchGetSecretValue' } });
}

function bodyOf({ text }: TestResponse): Body {
  return JSON.parse(text) as Body;
}

test('returns several secrets with the fields of GetSecretValue', async () => {
  const kms = await start();
  kms.put('rds', JSON.stringify({ AccountName: 'a', AccountPassword: 's3cret-1' }), { type: 'Rds' });

  const response = await batch(
    kms,
    list([
      { SecretName: 'a', VersionStage: 'ACSCurrent' },
      { SecretName: 'rds', FetchExtendedConfig: 'true' },
    ]),
  );

  const { RequestId, SecretValues = [], Errors } = bodyOf(response);
  expect(response.status).toBe(200);
  expect(Errors).toEqual([]);
  expect(SecretValues.map(({ SecretName, VersionId }) => [SecretName, VersionId === 'v1'])).toEqual([
    ['a', true],
    ['rds', false],
  ]);
  expect(SecretValues.map(({ VersionStages }) => VersionStages)).toEqual([
    { VersionStage: ['ACSCurrent'] },
    { VersionStage: ['ACSCurrent'] },
  ]);
  expect(SecretValues.map((value) => 'ExtendedConfig' in value)).toEqual([false, true]);
  expect(SecretValues.every((value) => value['RequestId'] === RequestId)).toBe(true);
  expect(kms.requests).toMatchObject([
    { action: 'BatchGetSecretValue', secretName: undefined, secretNames: ['a', 'rds'] },
  ]);
});

test('lists secrets that cannot be read as errors and returns the rest', async () => {
  const kms = await start();
  kms.deny('b');

  const { SecretValues = [], Errors } = bodyOf(await batch(kms, named('a', 'b', 'unknown')));

  expect(SecretValues.map(({ SecretName }) => SecretName)).toEqual(['a']);
  expect(Errors).toEqual([
    { SecretName: 'b', HttpStatus: 403, Code: 'Forbidden.NoPermission', Message: expect.any(String) as unknown },
    { SecretName: 'unknown', HttpStatus: 404, Code: 'Forbidden.ResourceNotFound', Message: 'Resource not found.' },
  ]);
});

test('accepts signature version 1 and client keys', async () => {
  const kms = await start();
  const key = kms.createClientKey({ gateway: 'shared', secrets: ['a'] });
  const before = { Action: 'BatchGetSecretValue' };

  const byAccessKey = bodyOf(await sendRpc({ kms, parameters: named('a', 'b'), beforeSigning: before }));
  const byClientKey = bodyOf(
    await sendRpcWithClientKey({ kms, parameters: named('a', 'b'), beforeSigning: before }, key),
  );

  expect([byAccessKey, byClientKey].map(({ SecretValues, Errors }) => [SecretValues?.length, Errors?.length])).toEqual([
    [2, 0],
    [1, 1],
  ]);
});

test.each<[string, Readonly<Record<string, string>>]>([
  ['a missing list', {}],
  ['invalid JSON', { SecretsList: '[{' }],
  ['a string instead of a list', { SecretsList: '"a"' }],
  ['an empty list', list([])],
  ['21 secrets', named(...Array.from({ length: 21 }, (_, index) => `n${index}`))],
  ['a duplicate name', named('a', 'a')],
  ['an entry that is a string', list(['a'])],
  ['an entry without a name', list([{ VersionStage: 'ACSCurrent' }])],
  ['a flag that is not a string', list([{ SecretName: 'a', FetchExtendedConfig: true }])],
  ['an unknown field', list([{ SecretName: 'a', DryRun: 'true' }])],
])('rejects the request for %s', async (_, parameters) => {
  const kms = await start();

  const response = await batch(kms, parameters);

  expect([response.status, bodyOf(response).Code]).toEqual([400, 'InvalidParameter']);
});

test('accepts twenty secrets', async () => {
  const kms = await start();
  const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
  for (const name of names) kms.put(name, `s3cret-${name}`);

  expect(bodyOf(await batch(kms, named(...names))).SecretValues).toHaveLength(20);
});

test('does not exist on instances or with supportsBatch: false', async () => {
  const kms = await start();
  const withoutBatch = await start({ supportsBatch: false });
  const before = { 'x-acs-action': 'BatchGetSecretValue' };

  const responses = [
    await sendAcs3({ kms, region: 'kst-one', parameters: named('a'), beforeSigning: before }),
    await batch(withoutBatch, named('a')),
  ];

  expect(responses.map((response) => [response.status, bodyOf(response).Code])).toEqual([
    [404, 'InvalidAction.NotFound'],
    [404, 'InvalidAction.NotFound'],
  ]);
});

test('rejects XML, which is undocumented for batches', async () => {
  const kms = await start();

  const response = await sendRpc({
    kms,
    parameters: named('a'),
    beforeSigning: { Action: 'BatchGetSecretValue', Format: 'XML' },
  });

  expect([response.status, response.text.includes('UnsupportedOperation')]).toEqual([400, true]);
});
