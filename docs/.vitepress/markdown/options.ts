import { slug } from 'github-slugger';
import type { MarkdownOptions } from 'vitepress';
import { diagrams } from './diagrams.ts';
import { hiddenComments } from './hidden-comments.ts';
import { plainCode } from './plain-code.ts';
import { repositoryLinks } from './repository-links.ts';
import { timelines } from './timelines.ts';

/** The anchors of GitHub, so that a link works in both places. */
export const anchor = { slugify: slug };

/** How the site and the search index read Markdown. */
export const markdownOptions: MarkdownOptions = {
  anchor,
  config: (markdown) => {
    markdown.use(repositoryLinks).use(hiddenComments).use(diagrams).use(timelines).use(plainCode);
  },
};
