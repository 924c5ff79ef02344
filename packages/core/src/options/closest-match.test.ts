import { expect, test } from 'vitest';
import { closestMatch } from './closest-match.ts';

const known = ['credentials_type', 'secret_names', 'cache_client_region_id'];

test.each([
  ['credential_type', 'credentials_type'],
  ['credentials_tpye', 'credentials_type'],
  ['secret_name', 'secret_names'],
  ['cache_client_region_ids', 'cache_client_region_id'],
  ['CACHE_CLIENT_REGION_ID', 'cache_client_region_id'],
  ['cache-client.regionId', 'cache_client_region_id'],
  ['something_else', undefined],
  ['s', undefined],
  ['__', undefined],
])('the closest match of %s is %s', (word, match) => {
  expect(closestMatch(word, known)).toBe(match);
});
