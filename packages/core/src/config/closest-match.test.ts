import { expect, test } from 'vitest';
import { closestMatch } from './closest-match.ts';

const known = ['credentials_type', 'secret_names', 'cache_client_region_id'];

test.each([
  ['credential_type', 'credentials_type'],
  ['credentials_tpye', 'credentials_type'],
  ['secret_name', 'secret_names'],
  ['cache_client_region_ids', 'cache_client_region_id'],
  ['something_else', undefined],
  ['s', undefined],
])('the closest match of %s is %s', (word, match) => {
  expect(closestMatch(word, known)).toBe(match);
});
