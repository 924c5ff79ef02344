import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describeAdapter } from '@kms-secrets/testing/contracts';
import { expect, test } from 'vitest';
import { apps } from './apps/all.ts';

for (const { name, start } of apps) describeAdapter(name, start);

test('every app of the repository is held to the contract, and is played through the scenarios', () => {
  const names = readdirSync(join(import.meta.dirname, '../../apps'));
  const played = readdirSync(join(import.meta.dirname, 'scenarios')).filter((file) => file.endsWith('.test.ts'));

  expect(apps.map(({ name }) => name)).toEqual(names);
  expect(played).toEqual(names.map((name) => `${name}.test.ts`));
});
