import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { base, docs, hostname, repository, root } from '../paths.ts';

/** The URL of a file or folder of the repository. */
function repositoryUrl(file: string): string {
  const kind = existsSync(file) && statSync(file).isDirectory() ? 'tree' : 'blob';
  return `${repository}/${kind}/main/${relative(root, file).replaceAll('\\', '/')}`;
}

const [pageUrl, siteUrl] = [`${repository}/blob/main/docs/`, `${hostname}${base}`];

const translations = join(docs, 'zh');

/** A link of a Chinese page to a page that is not translated leads to the English one. */
function originalOf(file: string, page: string): string | undefined {
  const path = relative(translations, file);
  if (path.startsWith('..') || existsSync(file) || !existsSync(join(docs, path))) return undefined;
  return relative(dirname(page), join(docs, path));
}

/**
 * What a link of a page leads to on the site: a relative link out of docs/ leads to the repository, a link to a page by its
 * URL (the readmes have them for the npm registry) stays on the site.
 */
function targetOnSite(href: string, page: string): string {
  const [, path = '', rest = ''] = /^([^#?]*)(.*)$/su.exec(href) ?? [];
  if (path.startsWith(pageUrl) && path.endsWith('.md')) return `/${path.slice(pageUrl.length)}${rest}`;
  if (path.startsWith(siteUrl)) return `/${path.slice(siteUrl.length)}${rest}`;
  if (path === '' || path.startsWith('/') || /^[a-z][a-z\d+.-]*:/iu.test(path)) return href;
  const file = resolve(dirname(page), decodeURI(path));
  if (relative(docs, file).startsWith('..')) return `${repositoryUrl(file)}${rest}`;
  return `${originalOf(file, page) ?? path}${rest}`;
}

/** Rewrites the links of each page. VitePress sees the result: it checks the links that stay on the site. */
export function repositoryLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    // VitePress sets `path` for each page.
    const { path, realPath = path } = env as { path: string; realPath?: string };
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.attrGet('href');
      if (token.type === 'link_open' && href !== null)
        token.attrSet('href', targetOnSite(href, realPath || join(docs, 'x.md')));
    }
  });
}
