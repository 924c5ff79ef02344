import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isEnglishOnly, sections, unwritten } from '../../docs/.vitepress/pages.ts';
import { pages } from '../support/documents.ts';

const root = join(import.meta.dirname, '../..');
const listed = sections.flatMap((section) => section.pages.map(({ path }) => path));
const exists = (path: string): boolean => existsSync(join(root, `docs/${path}.md`));

test('each page of the navigation exists', () => {
  const missing = listed.filter((path) => !isEnglishOnly(path) && !exists(path) && !unwritten.includes(path));

  expect(missing).toEqual([]);
});

test('each page of the list `unwritten` is in the navigation and not written', () => {
  expect(unwritten.filter((path) => !listed.includes(path) || exists(path))).toEqual([]);
});

test('each page is in the navigation', () => {
  const written = pages()
    .filter((path) => !path.startsWith('docs/zh/'))
    .map((path) => path.slice('docs/'.length, -'.md'.length));

  // The navigation reads the decisions from their folder.
  expect(
    written.filter((path) => path !== 'index' && !path.startsWith('decisions/') && !listed.includes(path)),
  ).toEqual([]);
});
