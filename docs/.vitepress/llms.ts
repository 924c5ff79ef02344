import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { relative } from 'node:path/posix';
import { hrefOnSite } from './links.ts';
import { allSections, linkOf } from './navigation.ts';
import type { Language } from './navigation.ts';
import { base, docs, hostname } from './paths.ts';

const site = `${hostname}${base}`.replace(/\/$/u, '');

const introductions = {
  en: '# kms-secrets\n\n> The secret client for Alibaba Cloud KMS for Node.js: cached in memory, refreshed in the background, served during outages.\n',
  zh: '# kms-secrets\n\n> 阿里云 KMS 的 Node.js 凭据客户端：内存缓存、后台刷新，KMS 故障期间继续可用。\n',
};

/** Writes the list of pages and the text of all pages, for programs that read them: llms.txt and llms-full.txt. */
export function writeLlmsFiles(output: string): void {
  for (const [language, folder] of [
    ['en', ''],
    ['zh', 'zh'],
  ] as const) {
    mkdirSync(join(output, folder), { recursive: true });
    writeFileSync(join(output, folder, 'llms.txt'), listOf(language));
    writeFileSync(join(output, folder, 'llms-full.txt'), textOf(language));
  }
}

/** The sections with the pages that exist, each with its URL. */
function sectionsIn(language: Language): { title: string; pages: { title: string; link: string }[] }[] {
  return allSections().map(({ title, pages }) => ({
    title: title[language],
    pages: pages.flatMap((page) => {
      const link = linkOf(page, language);
      return link === undefined ? [] : [{ title: page.title[language], link }];
    }),
  }));
}

function listOf(language: Language): string {
  const sections = sectionsIn(language).map(({ title, pages }) => {
    const lines = pages.map((page) => `- [${page.title}](${site}${page.link})`);
    return `## ${title}\n\n${lines.join('\n')}\n`;
  });
  return [introductions[language], ...sections].join('\n');
}

/** The pages one after the other, without the reference of the API and the decisions. */
function textOf(language: Language): string {
  const links = sectionsIn(language).flatMap(({ pages }) => pages.map(({ link }) => link));
  const texts = links.filter((link) => !/^\/(?:zh\/)?(?:api|decisions)\//u.test(link)).map(markdownOf);
  return [introductions[language], ...texts].join('\n---\n\n');
}

function markdownOf(link: string): string {
  const path = `${link.slice(1)}${link.endsWith('/') ? 'index' : ''}.md`;
  const file = join(docs, path);
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return `${site}${link}\n\n${text
    .replace(/^---\n[^]*?\n---\n/u, '')
    .replaceAll(/<!--[^]*?-->\n*/gu, '')
    .replaceAll(/<a id="[^"]*"><\/a>\n*/gu, '')
    .replaceAll(/^(#+ .*?) \{#[^}]*\}$/gmu, '$1')
    .replaceAll(/\]\((?:<([^>]+)>|([^)\s]+))\)/gu, (_, bracketed: string | undefined, plain: string | undefined) => {
      const url = urlOf(bracketed ?? plain ?? '', `docs/${path}`);
      return bracketed === undefined ? `](${url})` : `](<${url}>)`;
    })
    .trim()}\n`;
}

/** The address of what a link of a page leads to. */
function urlOf(href: string, page: string): string {
  if (href.startsWith('#')) return href;
  const target = hrefOnSite(href, page);
  if (/^[a-z]+:/u.test(target)) return target;
  const [path = '', fragment] = join('/', dirname(relative('docs', page)), target).split('#');
  const pagePath = path.replace(/(?:index)?\.md$/u, '');
  return `${site}${pagePath}${fragment === undefined ? '' : `#${fragment}`}`;
}
