import type { DefaultTheme } from 'vitepress';

/**
 * Splits a text into the words of the search index, and a query into the words to look up. The browser gets this function as
 * source text, so it refers to nothing outside itself.
 *
 * Chinese has no blanks between words: each run of Chinese characters is indexed as its pairs of characters and as its
 * words. Codes such as `ERR_ACCESS_DENIED` and `Rejected.Throttling` are indexed whole and in parts.
 */
function tokenize(text: string): string[] {
  const tokens: string[] = [];
  for (const { segment, isWordLike } of new Intl.Segmenter('zh', { granularity: 'word' }).segment(text)) {
    if (isWordLike !== true) continue;
    tokens.push(segment);
    const parts = segment.split(/[._']/u).filter((part) => part !== '');
    if (parts.length > 1) tokens.push(...parts);
  }
  return tokens;
}

const zh: DefaultTheme.LocalSearchOptions = {
  translations: {
    button: { buttonText: '搜索文档', buttonAriaLabel: '搜索文档' },
    modal: {
      displayDetails: '显示详细列表',
      resetButtonTitle: '清除查询',
      backButtonTitle: '关闭搜索',
      noResultsText: '没有找到结果:',
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
  options: { miniSearch: { options: { tokenize } }, locales: { zh } },
};
