import { expect, test } from 'vitest';
import type { StoredSecret } from '../ports/store.ts';
import { checkStored } from './stored-secret.ts';

const request = { name: 'db', stage: 'ACSCurrent', versionId: undefined };
const stored: StoredSecret = {
  name: 'db',
  versionId: 'v1',
  stages: ['ACSCurrent'],
  type: 'Generic',
  dataType: 'text',
  value: 's3cret-db',
  rotation: { state: 'Enabled', interval: 1_000, lastAt: undefined, nextAt: 2_000 },
  extendedConfig: { custom: 'x' },
  fetchedAt: 1_000,
};

function problemOf(fields: Partial<Record<keyof StoredSecret, unknown>>): string {
  const checked = checkStored({ ...stored, ...fields }, request);
  return 'problem' in checked ? checked.problem : 'none';
}

test('accepts a valid entry', () => {
  expect(checkStored(stored, request)).toMatchObject({ stored: { ...stored, rotation: { state: 'Enabled' } } });
});

test('copies an entry, which the store may change later', () => {
  const stages = ['ACSCurrent'];
  const checked = checkStored({ ...stored, stages }, request);

  stages.push('later');

  expect(checked).toMatchObject({ stored: { stages: ['ACSCurrent'] } });
});

test.each([
  [{ name: 'other' }, 'it is a different secret'],
  [{ stages: ['ACSPrevious'] }, 'it is a version without the requested stage'],
  [{ stages: Array.from({ length: 65 }, (_, index) => `s${index}`) }, 'its field stages is invalid'],
  [{ stages: [''] }, 'its field stages is invalid'],
  [{ versionId: '' }, 'its field versionId is invalid'],
  [{ versionId: 'v'.repeat(1_025) }, 'its field versionId is invalid'],
  [{ dataType: 'json' }, 'its field dataType is invalid'],
  [{ value: 5 }, 'its field value is invalid'],
  [{ fetchedAt: Number.NaN }, 'its field fetchedAt is invalid'],
  [{ fetchedAt: 8.65e15 }, 'its field fetchedAt is invalid'],
  [{ createdAt: '2026-01-01' }, 'its field createdAt is invalid'],
  [{ rotation: { state: 'Paused' } }, 'its field rotation is invalid'],
  [{ rotation: { state: 'Enabled', interval: 'week' } }, 'its field rotation is invalid'],
  [{ extendedConfig: [] }, 'its field extendedConfig is invalid'],
])('does not accept %o', (fields, problem) => {
  expect(problemOf(fields)).toBe(problem);
});

test.each([
  [{ stages: [] }],
  [{ stages: Array.from({ length: 64 }, (_, index) => (index === 0 ? 'ACSCurrent' : `s${index}`)) }],
  [{ versionId: 'v'.repeat(1_024) }],
  [{ fetchedAt: -8.64e15 }],
  [{ createdAt: undefined, rotation: undefined, extendedConfig: undefined }],
])('accepts %o', (fields) => {
  expect(problemOf(fields)).toBe('none');
});

test('does not accept an entry that cannot be read, or that is no object', () => {
  const unreadable = { ...stored };
  Object.defineProperty(unreadable, 'value', {
    get: () => {
      throw new Error('s3cret-db');
    },
  });

  expect(checkStored(unreadable, request)).toEqual({ problem: 'it cannot be read' });
  expect(checkStored('s3cret-db', request)).toEqual({ problem: 'it is not an object' });
});
