import type { DefaultTheme, MarkdownEnv } from 'vitepress';

interface Markdown {
  render(source: string, env: MarkdownEnv): string;
}

/**
 * Splits a text into the words of the search index, and a query into the words to look up. The browser gets this function as
 * source text, so it refers to nothing outside itself.
 *
 * Chinese has no blanks between words. Its words are the pairs of neighbouring characters: `Intl.Segmenter` splits 轮转 into
 * two words of one character, and browsers differ in their dictionaries. Codes such as `ERR_ACCESS_DENIED` and
 * `Rejected.Throttling` are indexed whole and in parts.
 */
function tokenize(text: string): string[] {
  const words = text.match(/\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{L}\p{N}_.-])+/gu) ?? [];
  return words.flatMap((word) => {
    const characters = Array.from(word);
    if (/^\p{Script=Han}./u.test(word)) return characters.slice(1).map((next, index) => `${characters[index]}${next}`);
    const parts = word.split(/[._-]/u).filter((part) => part !== '');
    return parts.length > 1 ? [word.replace(/[.-]+$/u, ''), ...parts] : parts;
  });
}

/** A page as HTML for the index. Of the API reference only the names, which keeps the index small. */
function render(source: string, env: MarkdownEnv, markdown: Markdown): string {
  const html = markdown.render(source, Object.assign(env, { isPlain: true }));
  if (env.frontmatter?.['search'] === false) return '';
  return env.relativePath.startsWith('api/') ? (html.match(/<h[1-3][^]*?<\/h[1-3]>/gu) ?? []).join('\n') : html;
}

const zh: DefaultTheme.LocalSearchOptions = {
  translations: {
    button: { buttonText: '搜索文档', buttonAriaLabel: '搜索文档' },
    modal: {
      displayDetails: '显示详细列表',
      resetButtonTitle: '清除查询',
      backButtonTitle: '关闭搜索',
      noResultsText: '没有找到结果：',
      footer: {
        selectText: '选择',
        selectKeyAriaLabel: '回车',
        navigateText: '切换',
        navigateUpKeyAriaLabel: '上',
        navigateDownKeyAriaLabel: '下',
        closeText: '关闭',
        closeKeyAriaLabel: 'Esc',
      },
    },
  },
};

export const search = {
  provider: 'local' as const,
  // Keys that begin with `_` stay on the server.
  options: { miniSearch: { options: { tokenize } }, locales: { zh }, _render: render },
};
