import { expect, test } from 'vitest';
import { KnownSecrets } from './known-secrets.ts';

test('knows the names of the options and those that were fetched', () => {
  const known = new KnownSecrets(['configured'], 10);
  known.fetched('fetched');

  expect(['configured', 'fetched', 'other'].filter((name) => known.has(name))).toEqual(['configured', 'fetched']);
});

test('keeps the last names that were fetched, and at most twice as many', () => {
  const known = new KnownSecrets([], 2);
  for (const name of ['a', 'b', 'c', 'd', 'e']) known.fetched(name);

  expect(['a', 'b', 'c', 'd', 'e'].filter((name) => known.has(name))).toEqual(['c', 'd', 'e']);
});

test('forgets a name that KMS refuses, however long ago it was fetched', () => {
  const known = new KnownSecrets([], 2);
  for (const name of ['a', 'b', 'c']) known.fetched(name);

  known.refused('a');
  known.refused('c');

  expect(['a', 'b', 'c'].filter((name) => known.has(name))).toEqual(['b']);
});
