import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const json = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));

test('all published packages have the same version', () => {
  const published = readdirSync(join(root, 'packages')).map((name) => json(`packages/${name}/package.json`));

  expect(json('.changeset/config.json')).toMatchObject({
    fixed: [published.map((manifest) => (manifest as { name: string }).name)],
  });
});
