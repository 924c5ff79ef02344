import { renderMermaidSVG } from 'beautiful-mermaid';
import type { MarkdownRenderer } from 'vitepress';

/** Colours are variables of the theme, so that one picture serves both colour schemes. */
const options = {
  bg: 'var(--vp-c-bg)',
  fg: 'var(--vp-c-text-1)',
  line: 'var(--vp-c-text-2)',
  accent: 'var(--vp-c-brand-1)',
  muted: 'var(--vp-c-text-2)',
  border: 'var(--vp-c-brand-2)',
  surface: 'var(--vp-c-brand-soft)',
  transparent: true,
  padding: 8,
};

let count = 0;

/** Renders a diagram to SVG. The style sheet of the theme has its styles: a style element would load a font. */
function svgOf(source: string): string {
  const id = `diagram-${(count += 1)}-`;
  return renderMermaidSVG(source, options)
    .replaceAll(/<style>[^]*?<\/style>/gu, '')
    .replaceAll(/(id="|url\(#)/gu, `$1${id}`)
    .replaceAll(/\n\s*/gu, ' ');
}

/** Draws blocks of Mermaid. The text after `mermaid` is the alternative text: ```` ```mermaid The life of a secret ````. */
export function diagrams(markdown: MarkdownRenderer): void {
  const { fence } = markdown.renderer.rules;
  markdown.renderer.rules.fence = (tokens, index, ...rest) => {
    const token = tokens[index];
    if (token === undefined || fence === undefined) throw new Error('VitePress has no renderer for blocks of code.');
    const [language, ...title] = token.info.trim().split(/\s+/u);
    if (language !== 'mermaid') return fence(tokens, index, ...rest);
    const label = markdown.utils.escapeHtml(title.join(' ') || 'diagram');
    return `<figure class="diagram" role="img" aria-label="${label}" v-pre>${svgOf(token.content)}</figure>\n`;
  };
}
