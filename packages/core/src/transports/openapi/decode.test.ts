import { expect, test } from 'vitest';
import type { Secret } from '../../secret/secret.ts';
import { FetchFailure } from '../../ports/transport.ts';
import type { SecretRequest } from '../../secret/secret-request.ts';
import { decodeSecret } from './decode.ts';

const generic = {
  SecretName: 'prod/db',
  SecretType: 'Generic',
  SecretData: 's3cret-1',
  SecretDataType: 'text',
  VersionStages: { VersionStage: ['ACSCurrent', 'blue'] },
  VersionId: 'v1',
  CreateTime: '2026-01-02T03:04:05Z',
  RequestId: '3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf',
};

const managed = {
  ...generic,
  SecretType: 'Rds',
  AutomaticRotation: 'Enabled',
  RotationInterval: '604800s',
  LastRotationDate: '2026-01-01T00:00:00Z',
  NextRotationDate: '2026-01-08T00:00:00Z',
  ExtendedConfig: '{"SecretSubType":"SingleUser","CustomData":{"a":"b"}}',
};

const context = { endpoint: { host: 'kms.test' } };

function decode(response: unknown, request: SecretRequest = { name: 'prod/db' }): Secret {
  const text = typeof response === 'string' ? response : JSON.stringify(response);
  return decodeSecret(Buffer.isBuffer(response) ? response : Buffer.from(text), request, context);
}

function failureOf(response: unknown, request?: SecretRequest): FetchFailure {
  try {
    decode(response, request);
  } catch (error) {
    if (error instanceof FetchFailure) return error;
  }
  throw new Error('expected a failure');
}

test('decodes all fields of a generic secret', () => {
  const secret = decode(generic);

  expect(secret.text()).toBe('s3cret-1');
  expect(secret).toMatchObject({ name: 'prod/db', versionId: 'v1', stale: false });
  expect(secret.stages).toEqual(['ACSCurrent', 'blue']);
  expect(secret.type).toBe('Generic');
  expect(secret.createdAt).toEqual(new Date('2026-01-02T03:04:05Z'));
  expect(secret.rotation).toBeUndefined();
  expect(secret.requestId).toBe('3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf');
});

test.each([
  ['a list', ['ACSCurrent', 5, 'blue'], ['ACSCurrent', 'blue']],
  ['one stage', 'ACSCurrent', ['ACSCurrent']],
  ['one stage in an object', { VersionStage: 'ACSCurrent' }, ['ACSCurrent']],
  ['an object in an object', { VersionStage: { VersionStage: 'ACSCurrent' } }, []],
  ['a number', 5, []],
])('decodes stages that are %s', (_, VersionStages, stages) => {
  expect(decode({ ...generic, VersionStages }).stages).toEqual(stages);
});

test('drops the request id if nothing reads it', () => {
  const body = Buffer.from(JSON.stringify(generic));

  const secret = decodeSecret(body, { name: 'prod/db' }, { ...context, keepsRequestId: false });

  expect(secret.requestId).toBeUndefined();
});

test('decodes the rotation of a managed secret', () => {
  const secret = decode(managed);

  expect(secret.rotation).toEqual({
    state: 'Enabled',
    interval: 604_800_000,
    lastAt: Date.UTC(2026, 0, 1),
    nextAt: Date.UTC(2026, 0, 8),
  });
  expect(secret.extendedConfig).toEqual({ SecretSubType: 'SingleUser', CustomData: { a: 'b' } });
});

test('decodes an empty value', () => {
  expect(decode({ ...generic, SecretData: '' }).text()).toBe('');
});

test('decodes a binary secret, whatever the case of its data type', () => {
  expect(decode({ ...generic, SecretDataType: 'Binary' }).bytes()).toEqual(new TextEncoder().encode('s3cret-1'));
});

test('accepts the plain name in the response to a request by ARN', () => {
  const request = { name: 'acs:kms:cn-hangzhou:1234567890:secret/prod/db' };

  expect(decode(generic, request).name).toBe('prod/db');
  expect(decode({ ...generic, SecretName: request.name }, request).text()).toBe('s3cret-1');
});

test('rejects a version without the requested stage', () => {
  const failure = failureOf(generic, { name: 'prod/db', stage: 'ACSPrevious' });

  expect(failure.failure).toBe('malformed');
  expect(failure.message).toContain('does not include the requested stage');
  expect(decode(generic, { name: 'prod/db', stage: 'blue' }).stages).toContain('blue');
});

test('decodes a version without stages', () => {
  const { VersionStages: _, ...withoutStages } = generic;

  expect(decode(withoutStages).stages).toEqual([]);
  expect(decode({ ...generic, VersionStages: { VersionStage: [] } }).stages).toEqual([]);
});

test.each([
  ['RotationInterval', 'a week', 'interval'],
  ['NextRotationDate', 'soon', 'nextAt'],
  ['LastRotationDate', '2026-13-45T00:00:00Z', 'lastAt'],
] as const)('omits a %s that cannot be parsed', (field, text, property) => {
  const secret = decode({ ...managed, [field]: text });

  expect(secret.rotation?.[property]).toBeUndefined();
  expect(secret.rotation?.state).toBe('Enabled');
  expect(secret.text()).toBe('s3cret-1');
});

test.each(['{"broken', '[]', '7', ''])('omits the extended configuration %j', (text) => {
  expect(decode({ ...managed, ExtendedConfig: text }).extendedConfig).toBeUndefined();
});

test.each([
  ['RotationInterval', 604_800],
  ['NextRotationDate', 1_767_830_400_000],
  ['LastRotationDate', {}],
  ['CreateTime', 1],
  ['SecretType', 7],
  ['AutomaticRotation', true],
  ['ExtendedConfig', []],
  ['ExtendedConfig', 7],
  ['VersionStages', 7],
  ['VersionStages', { VersionStage: [1] }],
  ['VersionStages', { VersionStage: { a: 1 } }],
  ['VersionStages', { Stages: [] }],
  ['RequestId', 7],
  ['Tags', [{ Key: 'a' }]],
])('a %s of the form %j does not cost the value', (field, value) => {
  expect(decode({ ...managed, [field]: value }, { name: 'prod/db', stage: 'ACSCurrent' }).text()).toBe('s3cret-1');
});

test.each([[['ACSCurrent', 'blue']], [{ VersionStage: ['ACSCurrent', 7, 'blue'] }]])(
  'reads the stages of %j',
  (VersionStages) => {
    expect(decode({ ...generic, VersionStages }).stages).toEqual(['ACSCurrent', 'blue']);
  },
);

test.each(['ACSCurrent', { VersionStage: 'ACSCurrent' }])('reads the only stage of %j', (VersionStages) => {
  expect(decode({ ...generic, VersionStages }).stages).toEqual(['ACSCurrent']);
});

test('reads an extended configuration that is not encoded', () => {
  const { extendedConfig } = decode({ ...managed, ExtendedConfig: { SecretSubType: 'SingleUser' } });

  expect(extendedConfig).toEqual({ SecretSubType: 'SingleUser' });
});

test('omits an unknown state of rotation', () => {
  expect(decode({ ...managed, AutomaticRotation: 'Paused' }).rotation).toBeUndefined();
});

test.each([
  ['another name', { SecretName: 'prod/other' }, 'not the requested secret'],
  ['no value', { SecretData: undefined }, 'SecretData is missing'],
  ['a number as value', { SecretData: 7 }, 'SecretData is a number, not a string'],
  ['an object as value', { SecretData: { s: 's3cret-2' } }, 'SecretData is an object'],
  ['an unknown data type', { SecretDataType: 'json' }, 'neither text nor binary'],
  ['no version', { VersionId: null }, 'VersionId is missing'],
  ['an empty version', { VersionId: '' }, 'VersionId is empty'],
])('reports a response with %s as malformed', (_, change, problem) => {
  const failure = failureOf({ ...generic, ...change });

  expect(failure).toMatchObject({ failure: 'malformed', status: 200, requestId: generic.RequestId });
  expect(failure.message).toContain('kms.test');
  expect(failure.message).toContain(problem);
  expect(failure.message).not.toContain('s3cret-');
});

test('rejects another version than the requested one', () => {
  const failure = failureOf(generic, { name: 'prod/db', versionId: 'v7' });

  expect(failure.message).toContain('not the requested version');
});

test.each([
  ['other text', 's3cret-text', 'not JSON'],
  ['truncated JSON', '{"SecretData":"s3cret-1', 'not JSON'],
  ['an array', '["s3cret-1"]', 'not a JSON object'],
  ['null', 'null', 'not a JSON object'],
  ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'not UTF-8'],
])('reports a body of %s as malformed and does not quote it', (_, body, problem) => {
  const failure = failureOf(body);

  expect(failure.failure).toBe('malformed');
  expect(failure.message).toContain(problem);
  expect(failure.cause).toBeUndefined();
  expect(failure.message).not.toContain('s3cret-');
});
