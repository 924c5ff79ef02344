import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';

import { fileOf } from './form/scenario.ts';
import { scenarios } from './index.ts';

test('every scenario is in the list, in a file that is named by its promise', () => {
  const files = readdirSync(import.meta.dirname).filter(
    (name) => name.endsWith('.ts') && name !== 'index.ts' && !name.endsWith('.test.ts'),
  );

  const named = scenarios.map(fileOf);

  expect(named.toSorted()).toEqual(files.toSorted());
});
