import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Folders of docs/ that are written by the build of the site. */
const generated = /^docs\/(?:api|packages|zh\/(?:api|packages))\//u;

/** The pages in docs/ that are in the repository, in all languages, as paths from its root. */
export function pages(): readonly string[] {
  const files = readdirSync(join(root, 'docs'), { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.name.endsWith('.md') && !/node_modules|\.vitepress/u.test(file.parentPath))
    .map((file) => relative(root, join(file.parentPath, file.name)))
    .filter((path) => !generated.test(path))
    .toSorted();
}

/** The readmes of the packages and of the root, in English. */
export function readmes(): readonly string[] {
  return ['README.md', ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`)];
}

/** The path of the Chinese translation of a page or readme. */
export function translationOf(path: string): string {
  return path.startsWith('docs/') ? path.replace('docs/', 'docs/zh/') : path.replace(/README\.md$/u, 'README.zh-CN.md');
}
