import { expect, test } from 'vitest';

import { accountId, getSecretValue } from './get-secret-value.ts';
import type { SecretValueAnswer } from './get-secret-value.ts';
import { Vault } from '../secrets/secret-repository.ts';

const start = Date.parse('2026-01-02T03:04:05Z');
const rds = JSON.stringify({ AccountName: 'app', AccountPassword: 's3cret-1' });

test('a generic secret is answered with these fields and no others', () => {
  const { ask, vault } = setup();
  vault.put('db', 's3cret-1', { versionId: 'v1', dataType: 'binary' });

  const { SecretData, ...rest } = ask({ SecretName: 'db', FetchExtendedConfig: 'true' });

  expect(SecretData === 's3cret-1').toBe(true);
  expect(rest).toEqual({
    SecretName: 'db',
    SecretType: 'Generic',
    SecretDataType: 'binary',
    VersionStages: { VersionStage: ['ACSCurrent'] },
    VersionId: 'v1',
    CreateTime: '2026-01-02T03:04:05Z',
  });
});

test('a managed secret also tells its rotation, and its configuration only when asked', () => {
  const { ask, vault, pass } = setup();
  vault.put('db', rds, {
    type: 'Rds',
    automaticRotation: { interval: 604_800 },
    extendedConfig: { DBInstanceId: 'rm-1' },
  });

  expect(ask({ SecretName: 'db' })).toMatchObject({
    AutomaticRotation: 'Enabled',
    RotationInterval: '604800s',
    NextRotationDate: '2026-01-09T03:04:05Z',
  });
  expect(Object.keys(ask({ SecretName: 'db' }))).not.toContain('LastRotationDate');
  expect(Object.keys(ask({ SecretName: 'db', FetchExtendedConfig: 'false' }))).not.toContain('ExtendedConfig');
  const { ExtendedConfig } = ask({ SecretName: 'db', FetchExtendedConfig: 'true' });
  expect(JSON.parse(ExtendedConfig ?? '')).toEqual({
    SecretSubType: 'SingleUser',
    DBInstanceId: 'rm-1',
    CustomData: {},
  });
  pass(604_800_000);
  expect(ask({ SecretName: 'db' })).toMatchObject({
    LastRotationDate: '2026-01-09T03:04:05Z',
    NextRotationDate: '2026-01-16T03:04:05Z',
    CreateTime: '2026-01-02T03:04:05Z',
  });
});

test.each(['Disabled', 'Invalid'] as const)(
  'rotation that is %s has no interval and no next date',
  (automaticRotation) => {
    const { ask, vault } = setup();
    vault.put('db', rds, { type: 'Rds', automaticRotation });

    const answer = ask({ SecretName: 'db' });

    expect(answer.AutomaticRotation).toBe(automaticRotation);
    expect(Object.keys(answer)).not.toContain('NextRotationDate');
    expect(Object.keys(answer)).not.toContain('RotationInterval');
  },
);

test('a version is named by its stage, by its id, or by both if they agree', () => {
  const { ask, vault } = setup();
  vault.put('db', 's3cret-1', { versionId: 'v1' });
  vault.put('db', 's3cret-2', { versionId: 'v2' });
  const version = (parameters: Record<string, string>): string => ask({ SecretName: 'db', ...parameters }).VersionId;

  expect(version({})).toBe('v2');
  expect(version({ VersionStage: 'ACSPrevious' })).toBe('v1');
  expect(version({ VersionId: 'v1' })).toBe('v1');
  expect(version({ VersionId: 'v1', VersionStage: 'ACSPrevious' })).toBe('v1');
  expect(version({ VersionId: '', VersionStage: '' })).toBe('v2');
  expect(() => version({ VersionId: 'v1', VersionStage: 'ACSCurrent' })).toThrow(invalid);
});

test('an id that carries no label any more still names its version', () => {
  const { ask, vault } = setup();
  for (const versionId of ['v1', 'v2', 'v3']) vault.put('db', 's3cret-1', { versionId });

  expect(ask({ SecretName: 'db', VersionId: 'v1' })).toMatchObject({
    VersionId: 'v1',
    VersionStages: { VersionStage: [] },
  });
});

test.each([
  [{ SecretName: 'nobody' }],
  [{ SecretName: 'db', VersionStage: 'ACSPrevious' }],
  [{ SecretName: 'db', VersionId: 'v9' }],
  [{ SecretName: 'db', VersionId: 'v1', VersionStage: 'nowhere' }],
])('what is not there is not found: %j', (parameters) => {
  const { ask, vault } = setup();
  vault.put('db', 's3cret-1', { versionId: 'v1' });

  expect(() => ask(parameters)).toThrow(
    expect.objectContaining({ status: 404, code: 'Forbidden.ResourceNotFound', message: 'Resource not found.' }),
  );
});

test('a managed secret has no labels but the two, and its version ids are ignored', () => {
  const { ask, vault } = setup();
  vault.put('db', rds, { type: 'Rds', versionId: 'v1', stages: ['mine'] });

  expect(ask({ SecretName: 'db', VersionId: 'v9' }).VersionId).toBe('v1');
  expect(() => ask({ SecretName: 'db', VersionStage: 'mine' })).toThrow(
    expect.objectContaining({ status: 404, code: 'Forbidden.ResourceNotFound' }),
  );
});

test('a secret may be named by its ARN, if it is of this region and account', () => {
  const { ask, vault } = setup();
  vault.put('prod/db', 's3cret-1');

  expect(ask({ SecretName: `acs:kms:cn-hangzhou:${accountId}:secret/prod/db` }).SecretName).toBe('prod/db');
  for (const arn of [`acs:kms:cn-shanghai:${accountId}:secret/prod/db`, 'acs:kms:cn-hangzhou:99:secret/prod/db']) {
    expect(() => ask({ SecretName: arn })).toThrow(expect.objectContaining({ code: 'Forbidden.ResourceNotFound' }));
  }
});

test('a name is mandatory, and must be one', () => {
  const { ask } = setup();

  for (const parameters of [{}, { SecretName: '' }]) {
    expect(() => ask(parameters)).toThrow(
      expect.objectContaining({
        status: 400,
        code: 'MissingSecretName',
        message: 'SecretName is mandatory for this action.',
      }),
    );
  }
  for (const name of ['with blank', 'x'.repeat(193), 'ключ']) expect(() => ask({ SecretName: name })).toThrow(invalid);
});

test.each([{ VersionId: 'x'.repeat(65) }, { FetchExtendedConfig: 'yes' }, { DryRun: '1' }])(
  '%j is no valid parameter',
  (parameters) => {
    const { ask, vault } = setup();
    vault.put('db', 's3cret-1');

    expect(() => ask({ SecretName: 'db', ...parameters })).toThrow(invalid);
  },
);

test.each([
  ['deny', 403, 'Forbidden.NoPermission'],
  ['disable', 409, 'Rejected.Disabled'],
  ['scheduleDeletion', 409, 'Rejected.PendingDeletion'],
  ['remove', 404, 'Forbidden.ResourceNotFound'],
] as const)('after %s the answer is %d %s', (act, status, code) => {
  const { ask, vault } = setup();
  vault.put('db', 's3cret-1');

  vault[act]('db');

  expect(() => ask({ SecretName: 'db' })).toThrow(expect.objectContaining({ status, code }));
});

test('who may not read a secret does not learn whether it exists', () => {
  const { ask, vault } = setup();
  vault.deny('nobody');

  expect(() => ask({ SecretName: 'nobody' })).toThrow(expect.objectContaining({ code: 'Forbidden.NoPermission' }));
});

test('a dry run never answers the value, and says how it would have gone', () => {
  const { ask, vault } = setup();
  vault.put('db', 's3cret-1');
  const dry = (parameters: Record<string, string>) => (): unknown => ask({ DryRun: 'true', ...parameters });

  expect(dry({ SecretName: 'db' })).toThrow(expect.objectContaining({ code: 'DryRunOperationError' }));
  expect(dry({ SecretName: 'with blank' })).toThrow(expect.objectContaining({ code: 'ValidationError' }));
  expect(dry({ SecretName: 'nobody' })).toThrow(expect.objectContaining({ code: 'Forbidden.ResourceNotFound' }));
  vault.deny('db');
  expect(dry({ SecretName: 'db' })).toThrow(expect.objectContaining({ code: 'AccessDeniedError' }));
  vault.allow('db');
  expect(ask({ SecretName: 'db', DryRun: 'False' }).SecretName).toBe('db');
});

const invalid = expect.objectContaining({ status: 400, code: 'InvalidParameter' }) as Error;

test('what the key may not read is forbidden, by name and by ARN, whether it exists or not', () => {
  const { ask } = setup();

  for (const SecretName of ['forbidden', `acs:kms:cn-hangzhou:${accountId}:secret/forbidden`]) {
    expect(() => ask({ SecretName })).toThrow(expect.objectContaining({ status: 403, code: 'Forbidden.NoPermission' }));
  }
});

function setup(): {
  ask: (parameters: Record<string, string>) => SecretValueAnswer;
  vault: Vault;
  pass: (ms: number) => void;
} {
  let now = start;
  const vault = new Vault({ clock: { date: () => now } });
  return {
    vault,
    ask: (parameters) =>
      getSecretValue(vault, {
        parameters: new Map(Object.entries(parameters)),
        region: 'cn-hangzhou',
        rights: (name) => name !== 'forbidden',
      }),
    pass(ms) {
      now += ms;
    },
  };
}
