import { expect, test } from 'vitest';
import { nearMiss } from './suggestion.ts';

const known = ['credentials_type', 'secret_names', 'cache_client_region_id'];

test.each([
  ['credential_type', 'credentials_type'],
  ['credentials_tpye', 'credentials_type'],
  ['secret_name', 'secret_names'],
  ['cache_client_region_ids', 'cache_client_region_id'],
  ['something_else', undefined],
  ['s', undefined],
])('%s is nearly %s', (word, meant) => {
  expect(nearMiss(word, known)).toBe(meant);
});
