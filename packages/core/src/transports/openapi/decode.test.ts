import { expect, test } from 'vitest';
import type { Secret } from '../../secret/secret.ts';
import { FetchFailure } from '../../ports/transport.ts';
import type { SecretRequest } from '../../ports/transport.ts';
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

function decode(reply: unknown, asked: SecretRequest = { name: 'prod/db' }): Secret {
  const body = Buffer.isBuffer(reply) ? reply : Buffer.from(typeof reply === 'string' ? reply : JSON.stringify(reply));
  return decodeSecret(body, asked, 'kms.test');
}

function refusalOf(reply: unknown, asked?: SecretRequest): FetchFailure {
  try {
    decode(reply, asked);
  } catch (error) {
    if (error instanceof FetchFailure) return error;
  }
  throw new Error('was not refused');
}

test('a generic secret is read with all that KMS tells of it', () => {
  const secret = decode(generic);

  expect(secret.text()).toBe('s3cret-1');
  expect(secret).toMatchObject({ name: 'prod/db', versionId: 'v1', stale: false });
  expect(secret.stages).toEqual(['ACSCurrent', 'blue']);
  expect(secret.type).toBe('Generic');
  expect(secret.createdAt).toEqual(new Date('2026-01-02T03:04:05Z'));
  expect(secret.rotation).toBeUndefined();
  expect(secret.requestId).toBe('3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf');
});

test('a managed secret tells when it is rotated', () => {
  const secret = decode(managed);

  expect(secret.rotation).toEqual({
    state: 'Enabled',
    interval: 604_800_000,
    lastAt: Date.UTC(2026, 0, 1),
    nextAt: Date.UTC(2026, 0, 8),
  });
  expect(secret.extendedConfig).toEqual({ SecretSubType: 'SingleUser', CustomData: { a: 'b' } });
});

test('an empty value is a value', () => {
  expect(decode({ ...generic, SecretData: '' }).text()).toBe('');
});

test('a binary secret is told from a text, however the word is spelt', () => {
  expect(decode({ ...generic, SecretDataType: 'Binary' }).bytes()).toEqual(new TextEncoder().encode('s3cret-1'));
});

test('a secret asked for by its ARN answers by its name', () => {
  const asked = { name: 'acs:kms:cn-hangzhou:1234567890:secret/prod/db' };

  expect(decode(generic, asked).name).toBe('prod/db');
  expect(decode({ ...generic, SecretName: asked.name }, asked).text()).toBe('s3cret-1');
});

test('a version that the stage asked for is not on is refused', () => {
  const refusal = refusalOf(generic, { name: 'prod/db', stage: 'ACSPrevious' });

  expect(refusal.failure).toBe('malformed');
  expect(refusal.message).toContain('the stage asked for is not on');
  expect(decode(generic, { name: 'prod/db', stage: 'blue' }).stages).toContain('blue');
});

test('a version without a stage has none', () => {
  const { VersionStages: _, ...stageless } = generic;

  expect(decode(stageless).stages).toEqual([]);
  expect(decode({ ...generic, VersionStages: { VersionStage: [] } }).stages).toEqual([]);
});

test.each([
  ['RotationInterval', 'a week', 'interval'],
  ['NextRotationDate', 'soon', 'nextAt'],
  ['LastRotationDate', '2026-13-45T00:00:00Z', 'lastAt'],
] as const)('a %s that cannot be read is left out, and the value is not lost', (field, text, property) => {
  const secret = decode({ ...managed, [field]: text });

  expect(secret.rotation?.[property]).toBeUndefined();
  expect(secret.rotation?.state).toBe('Enabled');
  expect(secret.text()).toBe('s3cret-1');
});

test.each(['{"broken', '[]', '7', ''])('extended configuration like %j is left out', (text) => {
  expect(decode({ ...managed, ExtendedConfig: text }).extendedConfig).toBeUndefined();
});

test('a state of rotation that nobody knows yet is left out', () => {
  expect(decode({ ...managed, AutomaticRotation: 'Paused' }).rotation).toBeUndefined();
});

test.each([
  ['another name', { SecretName: 'prod/other' }, 'another secret'],
  ['no value', { SecretData: undefined }, 'no SecretData'],
  ['a number as value', { SecretData: 7 }, 'SecretData is a number, not a text'],
  ['an object as value', { SecretData: { s: 's3cret-2' } }, 'SecretData is an object'],
  ['a kind of data that nobody knows', { SecretDataType: 'json' }, 'neither text nor binary'],
  ['no version', { VersionId: null }, 'no VersionId'],
  ['an empty version', { VersionId: '' }, 'VersionId is empty'],
  ['stages as a bare list', { VersionStages: ['ACSCurrent'] }, 'VersionStages'],
  ['stages that are no texts', { VersionStages: { VersionStage: [1] } }, 'VersionStages'],
  ['a date that is a number', { CreateTime: 1 }, 'CreateTime is a number'],
  ['extended configuration that is a list', { ExtendedConfig: [] }, 'ExtendedConfig is a list'],
])('a reply with %s is malformed', (_, change, what) => {
  const refusal = refusalOf({ ...generic, ...change });

  expect(refusal).toMatchObject({ failure: 'malformed', status: 200, requestId: generic.RequestId });
  expect(refusal.message).toContain('kms.test');
  expect(refusal.message).toContain(what);
  expect(refusal.message).not.toContain('s3cret-');
});

test('another version than the one asked for is refused', () => {
  const refusal = refusalOf(generic, { name: 'prod/db', versionId: 'v7' });

  expect(refusal.message).toContain('another version');
});

test.each([
  ['rubbish', 's3cret-rubbish', 'not JSON'],
  ['half a reply', '{"SecretData":"s3cret-1', 'not JSON'],
  ['a list', '["s3cret-1"]', 'not a JSON object'],
  ['null', 'null', 'not a JSON object'],
  ['bytes that are no text', Buffer.from([0x22, 0xff, 0x22]), 'not UTF-8'],
])('a body of %s is malformed, and nothing of it shows', (_, body, what) => {
  const refusal = refusalOf(body);

  expect(refusal.failure).toBe('malformed');
  expect(refusal.message).toContain(what);
  expect(refusal.cause).toBeUndefined();
  expect(refusal.message).not.toContain('s3cret-');
});
