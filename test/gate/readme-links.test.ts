import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const repository = 'https://github.com/kms-secrets/kms-secrets/blob/main/';
const readmes = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`);

/** The targets of the Markdown links of a document, without anchors. */
function linkTargetsOf(document: string): readonly string[] {
  const text = readFileSync(join(root, document), 'utf8');
  return [...text.matchAll(/\]\(([^)#\s]+)/gu)].map(([, target = '']) => target);
}

// The registry shows these files without the folders around them.
describe.each(readmes)('%s', (readme) => {
  const targets = linkTargetsOf(readme);

  test('has no relative links', () => {
    expect(targets.filter((target) => !/^https?:\/\//u.test(target))).toEqual([]);
  });

  test('links only to files that exist', () => {
    const paths = targets
      .filter((target) => target.startsWith(repository))
      .map((target) => target.slice(repository.length));

    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
