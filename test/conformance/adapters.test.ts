import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describeAdapter } from '@kms-secrets/testing/contracts';
import { expect, test } from 'vitest';
import { apps } from './apps/all.ts';

for (const { name, start } of apps) describeAdapter(name, start);

test('every app is tested against the contract and the scenarios', () => {
  const names = readdirSync(join(import.meta.dirname, '../../apps'));
  const tested = readdirSync(join(import.meta.dirname, 'scenarios')).filter((file) => file.endsWith('.test.ts'));

  expect(apps.map(({ name }) => name)).toEqual(names);
  expect(tested).toEqual(names.map((name) => `${name}.test.ts`));
});
