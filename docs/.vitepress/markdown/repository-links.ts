import { relative } from 'node:path/posix';
import type { MarkdownRenderer } from 'vitepress';
import { hrefOnSite } from '../links.ts';
import { root } from '../paths.ts';

/** Rewrites the links out of docs/. VitePress sees the result: it checks the links that stay on the site. */
export function repositoryLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    const { path } = env as { path?: string }; // set by VitePress for each page, but not for the inference of its title
    if (path === undefined) return;
    const page = relative(root, path);
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null;
      if (href !== null && !href.startsWith('#')) token.attrSet('href', hrefOnSite(href, page));
    }
  });
}
