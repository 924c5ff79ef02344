import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Jest fails if two dynamic imports at a time load the same module ("request for 'node:crypto' is not in cache"). */
test.each(['core', 'redis', 'testing'])('no source of %s imports modules in parallel', (name) => {
  const folder = join(import.meta.dirname, '../../packages', name, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const parallel = files.filter((file) =>
    /Promise\.all\(\[\s*import\(/u.test(readFileSync(join(folder, file), 'utf8')),
  );

  expect(files).not.toEqual([]);
  expect(parallel).toEqual([]);
});
