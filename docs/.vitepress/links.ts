import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path/posix';
import { isEnglishOnly } from './pages.ts';
import { base, hostname, repository, root } from './paths.ts';

/** What a link leads to: a file or folder of the repository, or another address. Paths start at the root of the repository. */
export interface LinkTarget {
  readonly file: string | undefined;
  /** Its fragment or query, with `#` or `?`. */
  readonly rest: string;
}

const siteUrl = `${hostname}${base}`;
const exists = (path: string): boolean => existsSync(join(root, path));

/** Reads a link of a document: a relative path, or the URL of a file or page, which the readmes have for the npm registry. */
export function readLink(href: string, document: string): LinkTarget {
  const [, path = '', rest = ''] = /^([^#?]*)(.*)$/su.exec(href) ?? [];
  const [, inRepository] = path.startsWith(repository)
    ? (/^\/(?:blob|tree)\/main\/(.*)$/u.exec(path.slice(repository.length)) ?? [])
    : [];
  if (inRepository !== undefined) return { file: decodeURI(inRepository), rest };
  if (path.startsWith(siteUrl)) return { file: sourceOf(path.slice(siteUrl.length)), rest };
  if (/^[a-z][a-z\d+.-]*:/iu.test(path)) return { file: undefined, rest };
  if (path === '') return { file: document, rest };
  return { file: inLanguage(join(dirname(document), decodeURI(path)).replace(/\/$/u, '')), rest };
}

/** The document of a page of the site; undefined for a file such as llms.txt. */
function sourceOf(path: string): string | undefined {
  const [, zh = '', name] = /^(zh\/)?packages\/([\w-]+)$/u.exec(path) ?? [];
  if (name !== undefined) return `packages/${name}/README${zh === '' ? '' : '.zh-CN'}.md`;
  if (/\.\w+$/u.test(path)) return undefined;
  return `docs/${path}${path === '' || path.endsWith('/') ? 'index' : ''}.md`;
}

/** A link of a Chinese page to a page that is not translated leads to the English one. */
function inLanguage(file: string): string {
  const [, path = ''] = /^docs\/zh\/(.*)$/u.exec(file) ?? [];
  const original = `docs/${path}`;
  if (path === '' || !exists(original)) return file;
  return isEnglishOnly(path) || !exists(file) ? original : file;
}

/** Where a link leads on the site: to a page, relative to the page of the link, or to the repository. */
export function hrefOnSite(href: string, page: string): string {
  const { file, rest } = readLink(href, page);
  if (file === undefined || file === page) return file === page ? rest : href;
  const target = pageOf(file, page);
  if (target.startsWith('docs/')) return `${relative(dirname(page), target)}${rest.replace(/^#readme$/u, '')}`;
  const kind = exists(file) && statSync(join(root, file)).isDirectory() ? 'tree' : 'blob';
  return `${repository}/${kind}/main/${file}${rest}`;
}

/** The readme of a package has a page of its own, in the language of the page that links to it. */
function pageOf(file: string, page: string): string {
  const [, name] = /^packages\/([\w-]+)(?:\/README(?:\.zh-CN)?\.md)?$/u.exec(file) ?? [];
  if (name === undefined) return file;
  const isChinese = page.startsWith('docs/zh/') && exists(`packages/${name}/README.zh-CN.md`);
  return `docs/${isChinese ? 'zh/' : ''}packages/${name}.md`;
}
