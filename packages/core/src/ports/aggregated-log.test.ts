import { expect, test } from 'vitest';
import { moreSecrets } from './aggregated-log.ts';

test('counts one secret in the singular', () => {
  expect([1, 2].map(moreSecrets)).toEqual(['1 more secret', '2 more secrets']);
});
