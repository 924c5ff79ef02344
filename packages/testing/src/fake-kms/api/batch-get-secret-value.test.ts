import { expect, onTestFinished, test } from 'vitest';

import { startFakeKms } from '../fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import type { FakeKmsOptions } from '../options.ts';
import { askAcs3, askRpc, askWithClientKey } from '../test-client.fixture.ts';
import type { TrialAnswer } from '../test-client.fixture.ts';

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

function batch(kms: FakeKms, parameters: Readonly<Record<string, string>>): Promise<TrialAnswer> {
  return askAcs3({ kms, parameters, before: { 'x-acs-action': 'BatchGetSecretValue' } });
}

function bodyOf({ text }: TrialAnswer): Body {
  return JSON.parse(text) as Body;
}

test('secrets are answered together, each with all that one answer has', async () => {
  const kms = await start();
  kms.put('rds', JSON.stringify({ AccountName: 'a', AccountPassword: 's3cret-1' }), { type: 'Rds' });

  const answer = await batch(
    kms,
    list([
      { SecretName: 'a', VersionStage: 'ACSCurrent' },
      { SecretName: 'rds', FetchExtendedConfig: 'true' },
    ]),
  );

  const { RequestId, SecretValues = [], Errors } = bodyOf(answer);
  expect(answer.status).toBe(200);
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

test('what cannot be read is told name by name, and the rest is answered', async () => {
  const kms = await start();
  kms.deny('b');

  const { SecretValues = [], Errors } = bodyOf(await batch(kms, named('a', 'b', 'nowhere')));

  expect(SecretValues.map(({ SecretName }) => SecretName)).toEqual(['a']);
  expect(Errors).toEqual([
    { SecretName: 'b', HttpStatus: 403, Code: 'Forbidden.NoPermission', Message: expect.any(String) as unknown },
    { SecretName: 'nowhere', HttpStatus: 404, Code: 'Forbidden.ResourceNotFound', Message: 'Resource not found.' },
  ]);
});

test('the older signature and a client key ask in the same way', async () => {
  const kms = await start();
  const key = kms.createClientKey({ gateway: 'shared', secrets: ['a'] });
  const before = { Action: 'BatchGetSecretValue' };

  const byAccessKey = bodyOf(await askRpc({ kms, parameters: named('a', 'b'), before }));
  const byClientKey = bodyOf(await askWithClientKey({ kms, parameters: named('a', 'b'), before }, key));

  expect([byAccessKey, byClientKey].map(({ SecretValues, Errors }) => [SecretValues?.length, Errors?.length])).toEqual([
    [2, 0],
    [1, 1],
  ]);
});

test.each<[string, Readonly<Record<string, string>>]>([
  ['no list', {}],
  ['no JSON', { SecretsList: '[{' }],
  ['no list but a name', { SecretsList: '"a"' }],
  ['an empty list', list([])],
  ['21 secrets', named(...Array.from({ length: 21 }, (_, index) => `n${index}`))],
  ['a secret twice', named('a', 'a')],
  ['a bare name', list(['a'])],
  ['no name in an entry', list([{ VersionStage: 'ACSCurrent' }])],
  ['a flag that is no text', list([{ SecretName: 'a', FetchExtendedConfig: true }])],
  ['an unknown field', list([{ SecretName: 'a', DryRun: 'true' }])],
])('%s is refused as a whole', async (_, parameters) => {
  const kms = await start();

  const answer = await batch(kms, parameters);

  expect([answer.status, bodyOf(answer).Code]).toEqual([400, 'InvalidParameter']);
});

test('twenty secrets are not too many', async () => {
  const kms = await start();
  const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
  for (const name of names) kms.put(name, `s3cret-${name}`);

  expect(bodyOf(await batch(kms, named(...names))).SecretValues).toHaveLength(20);
});

test('an instance does not know the action, and a fake can be told not to', async () => {
  const [kms, old] = [await start(), await start({ supportsBatch: false })];
  const before = { 'x-acs-action': 'BatchGetSecretValue' };

  const answers = [
    await askAcs3({ kms, region: 'kst-one', parameters: named('a'), before }),
    await batch(old, named('a')),
  ];

  expect(answers.map((answer) => [answer.status, bodyOf(answer).Code])).toEqual([
    [404, 'InvalidAction.NotFound'],
    [404, 'InvalidAction.NotFound'],
  ]);
});

test('XML is not documented for it, and refused', async () => {
  const kms = await start();

  const answer = await askRpc({
    kms,
    parameters: named('a'),
    before: { Action: 'BatchGetSecretValue', Format: 'XML' },
  });

  expect([answer.status, answer.text.includes('UnsupportedOperation')]).toEqual([400, true]);
});
