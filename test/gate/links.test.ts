import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isPlanned } from '../../docs/.vitepress/navigation.ts';
import { outlineOf } from '../../docs/.vitepress/outline.ts';
import type { Link, Outline } from '../../docs/.vitepress/outline.ts';
import { pages, readmes, translationOf } from '../support/documents.ts';

const root = join(import.meta.dirname, '../..');
const exists = (path: string): boolean => existsSync(join(root, path));

const outlines = new Map<string, Promise<Outline>>();
function readOutline(path: string): Promise<Outline> {
  const outline = outlines.get(path) ?? outlineOf(path);
  outlines.set(path, outline);
  return outline;
}

/** What is wrong with a link; undefined if its file and its anchor exist. Other hosts are not asked. */
async function problemOf({ href, file, rest }: Link): Promise<string | undefined> {
  if (file === undefined) return URL.canParse(href) ? undefined : 'is not a URL';
  if (isGenerated(file) || (file.startsWith('docs/') && isPlanned(file.slice('docs/'.length, -'.md'.length))))
    return undefined;
  if (!exists(file) && isUntranslated(file)) return undefined;
  if (!exists(file)) return `leads to ${file}, which does not exist`;
  const readme = exists(`${file}/README.md`) ? `${file}/README.md` : file;
  // The fragments of links to tests are parts of their titles: behaviour.test.ts checks those.
  if (!readme.endsWith('.md') || !rest.startsWith('#') || rest === '#readme') return undefined;
  const { ids } = await readOutline(readme);
  return ids.has(decodeURIComponent(rest.slice(1))) ? undefined : `leads to ${rest}, which ${readme} does not have`;
}

/** The translation of a document that exists: translations.test.ts reports it. */
const isUntranslated = (file: string): boolean =>
  (file.startsWith('docs/zh/') && exists(file.replace('docs/zh/', 'docs/'))) ||
  (file.endsWith('README.zh-CN.md') && exists(file.replace('README.zh-CN.md', 'README.md')));

/** Pages that the build of the site writes. test/site checks their links. */
const isGenerated = (file: string): boolean => /^docs\/(?:zh\/)?(?:api|packages)\//u.test(file);

async function problemsOf(path: string): Promise<readonly string[]> {
  const { links } = await readOutline(path);
  const problems = await Promise.all(
    links.map(async (link) => {
      const problem = await problemOf(link);
      return problem === undefined ? [] : [`${path}:${link.line} ${link.href} ${problem}`];
    }),
  );
  return problems.flat();
}

const documents = [...pages(), ...readmes(), ...readmes().map(translationOf), 'CONTRIBUTING.md', 'SECURITY.md'];

test.each(documents.filter(exists))('the links of %s lead to files and anchors that exist', async (path) => {
  expect((await problemsOf(path)).join('\n')).toBe('');
});

describe('the check', () => {
  const check = async (href: string): Promise<string | undefined> => {
    const { links } = await outlineOf('docs/rotation.md', `[link](${href})\n`);
    return links[0] === undefined ? 'no link' : problemOf(links[0]);
  };

  test('reports files, pages, anchors and URLs that do not exist', async () => {
    expect(await check('no-page.md')).toBe('leads to docs/no-page.md, which does not exist');
    expect(await check('../packages/core/src/no-file.ts')).toBe(
      'leads to packages/core/src/no-file.ts, which does not exist',
    );
    expect(await check('operations.md#no-anchor')).toBe('leads to #no-anchor, which docs/operations.md does not have');
    expect(await check('https://github.com/kms-secrets/kms-secrets/blob/main/docs/no.md')).toMatch(/docs\/no\.md/u);
    expect(await check('https://kms-secrets.github.io/kms-secrets/errors#no-code')).toMatch(/docs\/errors\.md/u);
    expect(await check('https://[')).toBe('is not a URL');
  });

  test('accepts those that exist', async () => {
    expect(await check('operations.md#the-status-page-and-the-readiness-probe')).toBeUndefined();
    expect(await check('../packages/databases#knex')).toBeUndefined();
    expect(await check('https://www.alibabacloud.com/help/en/kms')).toBeUndefined();
  });
});
