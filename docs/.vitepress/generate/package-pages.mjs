// @ts-check
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');
const languages = [
  { folder: 'packages', readme: 'README.md' },
  { folder: 'zh/packages', readme: 'README.zh-CN.md' },
];

/** Copies the readme of each package to a page, in each language. The site rewrites their links. */
export function generatePackagePages() {
  for (const { folder, readme } of languages) {
    const pages = join(root, 'docs', folder);
    rmSync(pages, { recursive: true, force: true });
    mkdirSync(pages, { recursive: true });
    for (const name of readdirSync(join(root, 'packages'))) {
      const source = join(root, 'packages', name, readme);
      if (existsSync(source)) writeFileSync(join(pages, `${name}.md`), readFileSync(source));
    }
  }
}
