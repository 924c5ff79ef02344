import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { outlineOf } from '../../docs/.vitepress/outline.ts';
import { pages, readmes, translationOf } from '../support/documents.ts';
import { differences } from '../support/translations.ts';

const root = join(import.meta.dirname, '../..');

/** Pages and readmes whose translation is missing or out of date. This list may only become shorter. */
const untranslated: readonly string[] = [];

const documents = [...pages().filter((path) => !path.startsWith('docs/zh/')), ...readmes()];
const differencesOf = async (path: string): Promise<readonly string[]> =>
  differences(await outlineOf(path), await outlineOf(translationOf(path)));
const isTranslated = (path: string): boolean => existsSync(join(root, translationOf(path)));

describe('the Chinese translation', () => {
  test('exists for each page and readme', () => {
    const missing = documents.filter((path) => !isTranslated(path) && !untranslated.includes(path));

    expect(missing.map(translationOf)).toEqual([]);
  });

  test('is missing or out of date for each page of the list `untranslated`', async () => {
    const complete = await Promise.all(
      untranslated.map(async (path) => {
        if (!documents.includes(path)) return `${path} does not exist`;
        return isTranslated(path) && (await differencesOf(path)).length === 0 ? `${path} is translated` : [];
      }),
    );

    expect(complete.flat()).toEqual([]);
  });

  test('has an English page or readme', () => {
    const translations = pages().filter((path) => path.startsWith('docs/zh/'));

    expect(translations.filter((path) => !existsSync(join(root, path.replace('docs/zh/', 'docs/'))))).toEqual([]);
  });

  const translated = documents.filter((path) => isTranslated(path) && !untranslated.includes(path));

  test.each(translated)('of %s has the same headings, code, tables and links', async (path) => {
    expect((await differencesOf(path)).join('\n')).toBe('');
  });
});

describe('differences', () => {
  const of = async (english: string, chinese: string): Promise<readonly string[]> =>
    differences(await outlineOf('docs/a.md', english), await outlineOf('docs/zh/a.md', chinese));

  test('accept translated text, comments, pictures and help of Alibaba Cloud', async () => {
    const english =
      '# A page\n\n[Help](https://www.alibabacloud.com/help/en/kms), [B](b.md#c)\n\n```ts\na(); // first\n```\n\n```mermaid\na --> b: one\n```\n';
    const chinese =
      '# 页面 {#a-page}\n\n[B](b.md#c)、[帮助](https://help.aliyun.com/zh/kms)\n\n```ts\na(); // 第一\n```\n\n```mermaid\na --> b: 一\n```\n';

    expect(await of(english, chinese)).toEqual([]);
  });

  test('name the first heading that differs, with its line in both files', async () => {
    expect(await of('# A\n\n## B\n\n## C\n', '# 甲 {#a}\n\n## 丙 {#c}\n')).toEqual([
      'docs/zh/a.md:3 has a heading of level 2 with {#c}; docs/a.md:3 has a heading of level 2 with {#b}',
    ]);
  });

  test('name the block of code that differs', async () => {
    const [difference] = await of('# A\n\n```ts\na(1);\n```\n', '# 甲 {#a}\n\n文字\n\n```ts\na(2);\n```\n');

    expect(difference).toMatch(/^docs\/zh\/a\.md:5 has a block of ts:\n {4}a\(2\);\n.*docs\/a\.md:3 has /su);
  });

  test('name a table with other rows or other names in its first column', async () => {
    const table = (...cells: string[]): string =>
      `\n| a | b |\n|---|---|\n${cells.map((cell) => `| ${cell} | b |\n`).join('')}`;

    expect(await of(`# A\n${table('`x` is', '`y`')}`, `# 甲 {#a}\n${table('`x` 是', '`y`')}`)).toEqual([]);
    expect(await of(`# A\n${table('`x`', '`y`')}`, `# 甲 {#a}\n${table('`x`')}`)).toEqual([
      'docs/zh/a.md:3 has a table of 1 rows with `x` in the first column; docs/a.md:3 has a table of 2 rows with `x`, `y` in the first column',
    ]);
  });

  test('name the links that a section lacks or has too many', async () => {
    expect(await of('# A\n\n## B\n\n[b](b.md)\n', '# 甲 {#a}\n\n## 乙 {#b}\n\n[b](b.md#c)\n')).toEqual([
      'docs/zh/a.md:3 lacks a link to docs/b.md (docs/a.md:3)',
      'docs/zh/a.md:3 has a link to docs/b.md#c, which the English section does not have (docs/a.md:3)',
    ]);
  });
});
