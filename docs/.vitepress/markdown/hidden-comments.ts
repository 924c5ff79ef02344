import type { MarkdownRenderer } from 'vitepress';

/** Removes comments, such as `<!-- given: … -->` above a block of code: search would index them. */
export function hiddenComments(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('hidden-comments', (state) => {
    state.tokens = state.tokens.filter(
      ({ type, content }) => type !== 'html_block' || !/^\s*<!--[^]*-->\s*$/u.test(content),
    );
  });
}
