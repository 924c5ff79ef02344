import type { MarkdownRenderer } from 'vitepress';

/** Blocks of code without colours where the environment says `isPlain`: the colours take most of the time of the search index. */
export function plainCode(markdown: MarkdownRenderer): void {
  const { fence } = markdown.renderer.rules;
  markdown.renderer.rules.fence = (...parameters) => {
    const [tokens, index, , env] = parameters;
    const token = tokens[index];
    if (token === undefined || fence === undefined) throw new Error('VitePress has no renderer for blocks of code.');
    const { isPlain = false } = env as { isPlain?: boolean };
    return isPlain ? `<pre>${markdown.utils.escapeHtml(token.content)}</pre>\n` : fence(...parameters);
  };
}
