import { defineConfigWithTheme } from 'vitepress';
import type { DefaultTheme } from 'vitepress';
import { writeLlmsFiles } from './llms.ts';
import { markdownOptions } from './markdown/options.ts';
import { frameworkLinksOf, isPlanned, sidebarOf, topLinksOf } from './navigation.ts';
import { base, hostname, repository } from './paths.ts';
import { search } from './search.ts';

const description = {
  en: 'The secret client for Alibaba Cloud KMS for Node.js: cached in memory, refreshed in the background, served during outages.',
  zh: '阿里云 KMS 凭据管家的 Node.js 客户端：内存缓存、后台刷新，KMS 故障期间继续可用；支持 RDS 双账号轮转、RRSA 与 ClientKey。',
};

/** The theme of VitePress, and what the framework switch shows. */
interface SiteTheme extends DefaultTheme.Config {
  readonly frameworks?: ReturnType<typeof frameworkLinksOf>;
}

// oxlint-disable-next-line import/no-default-export -- VitePress reads the default export.
export default defineConfigWithTheme<SiteTheme>({
  base,
  title: 'kms-secrets',
  cleanUrls: true,
  ignoreDeadLinks: [isPlanned],
  metaChunk: true, // the data of the site in one file, not in each page
  sitemap: { hostname: `${hostname}${base}` },
  srcExclude: ['**/README.md'],
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}icon.svg` }]],
  markdown: markdownOptions,
  buildEnd: ({ outDir }) => writeLlmsFiles(outDir),
  locales: {
    root: {
      label: 'English',
      lang: 'en',
      description: description.en,
      themeConfig: { nav: topLinksOf('en'), sidebar: sidebarOf('en'), frameworks: frameworkLinksOf('en') },
    },
    zh: {
      label: '简体中文',
      lang: 'zh-CN',
      description: description.zh,
      themeConfig: {
        nav: topLinksOf('zh'),
        sidebar: sidebarOf('zh'),
        frameworks: frameworkLinksOf('zh'),
        outline: { label: '本页目录', level: [2, 3] },
        docFooter: { prev: '上一页', next: '下一页' },
        darkModeSwitchLabel: '主题',
        lightModeSwitchTitle: '切换到浅色模式',
        darkModeSwitchTitle: '切换到深色模式',
        sidebarMenuLabel: '菜单',
        returnToTopLabel: '回到顶部',
        langMenuLabel: '切换语言',
        skipToContentLabel: '跳转到内容',
        notFound: {
          title: '页面不存在',
          quote: '这个地址没有对应的页面，可能已经改名。请用搜索查找。',
          linkLabel: '回到首页',
          linkText: '回到首页',
        },
      },
    },
  },
  themeConfig: {
    search,
    outline: { level: [2, 3] },
    socialLinks: [{ icon: 'github', link: repository }],
    externalLinkIcon: true,
  },
});
