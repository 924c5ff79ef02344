import { describe, expect, test } from 'vitest';
import { overBudget, sizesOf } from '../../scripts/release/sizes.mjs';

const file = (path: string, bytes: number) => ({ path, content: Buffer.alloc(bytes) });

describe('the sizes of a package', () => {
  const code = [file('dist/core.js', 10_000), file('package.json', 2_000), file('dist/readme.js', 500)];

  test('count documents in every language apart from the code', () => {
    const documents = [file('README.md', 1_000), file('README.zh-CN.md', 2_000), file('CHANGELOG.md', 300)];
    const sizes = sizesOf({ files: [...code, ...documents, file('LICENSE', 100)] });

    expect(sizes).toMatchObject({ code: 12.5, firstFile: 10, documents: 3.4 });
    expect(sizes.compressed).toBe(sizesOf({ files: code }).compressed);
  });

  test('are compared with the budgets', () => {
    const sizes = { code: 12.5, compressed: 1, firstFile: 10 };

    expect(overBudget('a', sizes, { a: { code: 13, compressed: 1, firstFile: 10 } })).toEqual([]);
    expect(overBudget('a', sizes, { a: { code: 12, compressed: 1, firstFile: 9 } })).toEqual([
      'code of a has 12.5 kB, the budget in test/package/sizes.json is 12 kB.',
      'firstFile of a has 10 kB, the budget in test/package/sizes.json is 9 kB.',
    ]);
  });

  test('a package without a budget fails, with the line to add', () => {
    expect(overBudget('new', { code: 12.5, compressed: 1 }, {})).toEqual([
      'new has no budget. Add to test/package/sizes.json: "new": {"code":13,"compressed":2}',
    ]);
  });
});
