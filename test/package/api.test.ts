import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { apiReport } from './api-report.ts';

const packages = join(import.meta.dirname, '../../packages');
const reports = join(import.meta.dirname, 'api');

// A reviewed file for each package: a change of the public API is a change of this file. docs/decisions/0049-release.md
test.each(readdirSync(packages))('the API of %s is the one in test/package/api', async (name) => {
  await expect(apiReport(join(packages, name))).toMatchFileSnapshot(join(reports, `${name}.md`));
});

test('every report belongs to a package', () => {
  const names = readdirSync(packages);

  expect(readdirSync(reports).filter((file) => !names.includes(file.replace(/\.md$/u, '')))).toEqual([]);
});

describe('a report', () => {
  async function reportOf(declarations: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'api-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const exports = { '.': { types: './dist/index.d.ts' }, './package.json': './package.json' };
    await mkdir(join(folder, 'dist'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'a', exports }));
    await writeFile(join(folder, 'dist/index.d.ts'), declarations);
    return apiReport(folder);
  }

  const before = `import { C } from 'other';
/** Doc. */
interface B {
  /** In ms. */
  readonly b: number; // kept
}
declare function a(first: B): void;
export { a, type B, C };`;

  test('does not change with comments and the order of declarations', async () => {
    const after = `import { C } from 'other';
declare function a(first: B): void;
interface B {
  readonly b: number;
}
export { C, type B, a };`;

    expect(await reportOf(after)).toBe(await reportOf(before));
  });

  test.each([
    ['a signature', 'first: B', 'first?: B'],
    ['a field of a type', 'readonly b: number', 'b: number'],
    ['an exported name', 'export { a, ', 'export { a as z, '],
    ['a name of another package', ', C }', ' }'],
  ])('changes with %s', async (_, text, changed) => {
    expect(before).toContain(text);
    expect(await reportOf(before.replace(text, changed))).not.toBe(await reportOf(before));
  });
});
