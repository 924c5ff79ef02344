import { expect, test } from 'vitest';
import type { SecretFields } from './secret-fields.ts';
import { shareFields } from './shared-fields.ts';

const rotation = { state: 'Disabled', interval: undefined, lastAt: undefined, nextAt: undefined } as const;
const fields: SecretFields = {
  name: 'db',
  versionId: 'v1',
  value: 's3cret-1',
  dataType: 'text',
  stages: ['ACSCurrent'],
  type: 'Generic',
  rotation,
};

test('secrets with equal fields share one object', () => {
  const shared = shareFields(fields);

  expect(shareFields({ ...fields, name: 'cache', stages: ['ACSCurrent'], rotation: { ...rotation } })).toBe(shared);
});

test.each<[string, Partial<SecretFields>]>([
  ['another data type', { dataType: 'binary' }],
  ['another type', { type: 'Rds' }],
  ['another stage', { stages: ['ACSPrevious'] }],
  ['one more stage', { stages: ['ACSCurrent', 'blue'] }],
  ['no stages', { stages: undefined }],
  ['another state of the rotation', { rotation: { ...rotation, state: 'Invalid' } }],
  ['no rotation', { rotation: undefined }],
  ['a date of the rotation', { rotation: { ...rotation, nextAt: 1 } }],
  ['an extended configuration', { extendedConfig: { instance: 'rm-1' } }],
  ['a request id', { requestId: 'request-1' }],
  ['a stale value', { stale: true }],
])('a secret with %s does not share it', (_, changed) => {
  const shared = shareFields(fields);
  const other = shareFields({ ...fields, ...changed });

  expect(other).not.toBe(shared);
  expect(other).toMatchObject(changed);
  expect(shareFields(fields)).toBe(shared);
});
