import { expect, test } from 'vitest';

import { accountId, getSecretValue } from './get-secret-value.ts';
import type { SecretValueResult } from './get-secret-value.ts';
import { SecretRepository } from '../secrets/secret-repository.ts';

const start = Date.parse('2026-01-02T03:04:05Z');
const rds = JSON.stringify({ AccountName: 'app', AccountPassword: 's3cret-1' });

test('returns exactly these fields for a generic secret', () => {
  const { get, secrets } = setup();
  secrets.put('db', 's3cret-1', { versionId: 'v1', dataType: 'binary' });

  const { SecretData, ...rest } = get({ SecretName: 'db', FetchExtendedConfig: 'true' });

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

test('returns rotation fields, and ExtendedConfig only on request', () => {
  const { get, secrets, pass } = setup();
  secrets.put('db', rds, {
    type: 'Rds',
    automaticRotation: { interval: 604_800 },
    extendedConfig: { DBInstanceId: 'rm-1' },
  });

  expect(get({ SecretName: 'db' })).toMatchObject({
    AutomaticRotation: 'Enabled',
    RotationInterval: '604800s',
    NextRotationDate: '2026-01-09T03:04:05Z',
  });
  expect(Object.keys(get({ SecretName: 'db' }))).not.toContain('LastRotationDate');
  expect(Object.keys(get({ SecretName: 'db', FetchExtendedConfig: 'false' }))).not.toContain('ExtendedConfig');
  const { ExtendedConfig } = get({ SecretName: 'db', FetchExtendedConfig: 'true' });
  expect(JSON.parse(ExtendedConfig ?? '')).toEqual({
    SecretSubType: 'SingleUser',
    DBInstanceId: 'rm-1',
    CustomData: {},
  });
  pass(604_800_000);
  expect(get({ SecretName: 'db' })).toMatchObject({
    LastRotationDate: '2026-01-09T03:04:05Z',
    NextRotationDate: '2026-01-16T03:04:05Z',
    CreateTime: '2026-01-02T03:04:05Z',
  });
});

test.each(['Disabled', 'Invalid'] as const)('omits interval and next date when rotation is %s', (automaticRotation) => {
  const { get, secrets } = setup();
  secrets.put('db', rds, { type: 'Rds', automaticRotation });

  const result = get({ SecretName: 'db' });

  expect(result.AutomaticRotation).toBe(automaticRotation);
  expect(Object.keys(result)).not.toContain('NextRotationDate');
  expect(Object.keys(result)).not.toContain('RotationInterval');
});

test('selects a version by stage, by id, or by both if they agree', () => {
  const { get, secrets } = setup();
  secrets.put('db', 's3cret-1', { versionId: 'v1' });
  secrets.put('db', 's3cret-2', { versionId: 'v2' });
  const version = (parameters: Record<string, string>): string => get({ SecretName: 'db', ...parameters }).VersionId;

  expect(version({})).toBe('v2');
  expect(version({ VersionStage: 'ACSPrevious' })).toBe('v1');
  expect(version({ VersionId: 'v1' })).toBe('v1');
  expect(version({ VersionId: 'v1', VersionStage: 'ACSPrevious' })).toBe('v1');
  expect(version({ VersionId: '', VersionStage: '' })).toBe('v2');
  expect(() => version({ VersionId: 'v1', VersionStage: 'ACSCurrent' })).toThrow(invalid);
});

test('finds a version without stages by its id', () => {
  const { get, secrets } = setup();
  for (const versionId of ['v1', 'v2', 'v3']) secrets.put('db', 's3cret-1', { versionId });

  expect(get({ SecretName: 'db', VersionId: 'v1' })).toMatchObject({
    VersionId: 'v1',
    VersionStages: { VersionStage: [] },
  });
});

test.each([
  [{ SecretName: 'unknown' }],
  [{ SecretName: 'db', VersionStage: 'ACSPrevious' }],
  [{ SecretName: 'db', VersionId: 'v9' }],
  [{ SecretName: 'db', VersionId: 'v1', VersionStage: 'unknown' }],
])('returns 404 for %j', (parameters) => {
  const { get, secrets } = setup();
  secrets.put('db', 's3cret-1', { versionId: 'v1' });

  expect(() => get(parameters)).toThrow(
    expect.objectContaining({ status: 404, code: 'Forbidden.ResourceNotFound', message: 'Resource not found.' }),
  );
});

test('ignores version ids and custom stages of managed secrets', () => {
  const { get, secrets } = setup();
  secrets.put('db', rds, { type: 'Rds', versionId: 'v1', stages: ['mine'] });

  expect(get({ SecretName: 'db', VersionId: 'v9' }).VersionId).toBe('v1');
  expect(() => get({ SecretName: 'db', VersionStage: 'mine' })).toThrow(
    expect.objectContaining({ status: 404, code: 'Forbidden.ResourceNotFound' }),
  );
});

test('accepts an ARN of the same region and account', () => {
  const { get, secrets } = setup();
  secrets.put('prod/db', 's3cret-1');

  expect(get({ SecretName: `acs:kms:cn-hangzhou:${accountId}:secret/prod/db` }).SecretName).toBe('prod/db');
  for (const arn of [`acs:kms:cn-shanghai:${accountId}:secret/prod/db`, 'acs:kms:cn-hangzhou:99:secret/prod/db']) {
    expect(() => get({ SecretName: arn })).toThrow(expect.objectContaining({ code: 'Forbidden.ResourceNotFound' }));
  }
});

test('denies an ARN of another account or region', () => {
  const { get, secrets } = setup();
  const arn = 'acs:kms:cn-shanghai:99:secret/prod/db';
  const read = (): unknown => get({ SecretName: arn });

  secrets.deny(arn);
  expect(read).toThrow(expect.objectContaining({ status: 403, code: 'Forbidden.NoPermission' }));
  secrets.allow(arn);
  expect(read).toThrow(expect.objectContaining({ status: 404, code: 'Forbidden.ResourceNotFound' }));
});

test('an ARN of this account denies its secret by name and by ARN', () => {
  const { get, secrets } = setup();
  const arn = `acs:kms:cn-hangzhou:${accountId}:secret/prod/db`;
  secrets.put('prod/db', 's3cret-1');

  secrets.deny(arn);
  for (const SecretName of [arn, 'prod/db']) {
    expect(() => get({ SecretName })).toThrow(expect.objectContaining({ code: 'Forbidden.NoPermission' }));
  }
  secrets.allow(arn);
  expect(get({ SecretName: 'prod/db' }).SecretName).toBe('prod/db');
});

test('requires a valid secret name', () => {
  const { get } = setup();

  for (const parameters of [{}, { SecretName: '' }]) {
    expect(() => get(parameters)).toThrow(
      expect.objectContaining({
        status: 400,
        code: 'MissingSecretName',
        message: 'SecretName is mandatory for this action.',
      }),
    );
  }
  for (const name of ['with blank', 'x'.repeat(193), 'ключ']) expect(() => get({ SecretName: name })).toThrow(invalid);
});

test.each([{ VersionId: 'x'.repeat(65) }, { FetchExtendedConfig: 'yes' }, { DryRun: '1' }])(
  'rejects the invalid parameter %j',
  (parameters) => {
    const { get, secrets } = setup();
    secrets.put('db', 's3cret-1');

    expect(() => get({ SecretName: 'db', ...parameters })).toThrow(invalid);
  },
);

test.each([
  ['deny', 403, 'Forbidden.NoPermission'],
  ['disable', 409, 'Rejected.Disabled'],
  ['scheduleDeletion', 409, 'Rejected.PendingDeletion'],
  ['remove', 404, 'Forbidden.ResourceNotFound'],
] as const)('after %s responds with %d %s', (method, status, code) => {
  const { get, secrets } = setup();
  secrets.put('db', 's3cret-1');

  secrets[method]('db');

  expect(() => get({ SecretName: 'db' })).toThrow(expect.objectContaining({ status, code }));
});

test('hides whether a denied secret exists', () => {
  const { get, secrets } = setup();
  secrets.deny('unknown');

  expect(() => get({ SecretName: 'unknown' })).toThrow(expect.objectContaining({ code: 'Forbidden.NoPermission' }));
});

test('a dry run returns no value and reports the expected outcome', () => {
  const { get, secrets } = setup();
  secrets.put('db', 's3cret-1');
  const dryRun = (parameters: Record<string, string>) => (): unknown => get({ DryRun: 'true', ...parameters });

  expect(dryRun({ SecretName: 'db' })).toThrow(expect.objectContaining({ code: 'DryRunOperationError' }));
  expect(dryRun({ SecretName: 'with blank' })).toThrow(expect.objectContaining({ code: 'ValidationError' }));
  expect(dryRun({ SecretName: 'unknown' })).toThrow(expect.objectContaining({ code: 'Forbidden.ResourceNotFound' }));
  secrets.deny('db');
  expect(dryRun({ SecretName: 'db' })).toThrow(expect.objectContaining({ code: 'AccessDeniedError' }));
  secrets.allow('db');
  expect(get({ SecretName: 'db', DryRun: 'False' }).SecretName).toBe('db');
});

const invalid = expect.objectContaining({ status: 400, code: 'InvalidParameter' }) as Error;

test('rejects secrets the key may not read, by name and by ARN', () => {
  const { get } = setup();

  for (const SecretName of ['forbidden', `acs:kms:cn-hangzhou:${accountId}:secret/forbidden`]) {
    expect(() => get({ SecretName })).toThrow(expect.objectContaining({ status: 403, code: 'Forbidden.NoPermission' }));
  }
});

function setup(): {
  get: (parameters: Record<string, string>) => SecretValueResult;
  secrets: SecretRepository;
  pass: (ms: number) => void;
} {
  let now = start;
  const secrets = new SecretRepository({ clock: { date: () => now } });
  return {
    secrets,
    get: (parameters) =>
      getSecretValue(secrets, {
        parameters: new Map(Object.entries(parameters)),
        region: 'cn-hangzhou',
        canRead: (name) => name !== 'forbidden',
      }),
    pass(ms) {
      now += ms;
    },
  };
}
