import { expect, test } from 'vitest';

import { scenarios } from './index.ts';

test('no two scenarios make the same promise', () => {
  const promises = scenarios.map(({ promise }) => promise);

  expect(promises.length).toBeGreaterThan(0);
  expect(new Set(promises).size).toBe(promises.length);
});
