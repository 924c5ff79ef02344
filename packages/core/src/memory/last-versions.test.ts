import { expect, test } from 'vitest';
import { LastVersions } from './last-versions.ts';

const dropped = (versionId: string) => ({ versionId, reason: 'evicted' }) as const;

test('keeps the last 10,000 versions of secrets that are not pinned, and all of pinned ones', () => {
  const versions = new LastVersions((key) => key.startsWith('pinned'));

  for (let index = 0; index <= 10_000; index += 1) {
    versions.set(`pinned-${index}`, dropped('v1'));
    versions.set(`other-${index}`, dropped('v1'));
  }

  expect(['pinned-0', 'other-0', 'other-1', 'other-10000'].map((key) => versions.get(key)?.versionId)).toEqual([
    'v1',
    undefined,
    'v1',
    'v1',
  ]);
});

test('a version that is set again is the newest', () => {
  const versions = new LastVersions(() => false);
  versions.set('db', dropped('v1'));
  for (let index = 0; index < 9_999; index += 1) versions.set(`other-${index}`, dropped('v1'));

  versions.set('db', dropped('v2'));
  versions.set('one more', dropped('v1'));

  expect([versions.get('db')?.versionId, versions.get('other-0')]).toEqual(['v2', undefined]);
});

test('a version moves with the pin of its secret', () => {
  const pinned = new Set(['db']);
  const versions = new LastVersions((key) => pinned.has(key));
  versions.set('db', dropped('v1'));
  pinned.delete('db');
  versions.move('db');

  for (let index = 0; index < 10_000; index += 1) versions.set(`other-${index}`, dropped('v1'));

  expect(versions.get('db')).toBeUndefined();
});
