import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DefaultTheme } from 'vitepress';
import { docs } from './paths.ts';
import { frameworks, isEnglishOnly, sections, unwritten } from './pages.ts';
import type { Page, Section, Text } from './pages.ts';

export type Language = keyof Text;

/** The folder of a language, and the prefix of its URLs. */
const folderOf = (language: Language): string => (language === 'en' ? '' : 'zh/');

const exists = (path: string): boolean => existsSync(join(docs, `${path}.md`));

/** The heading of a Markdown file, without the anchor that a translation has; undefined if there is no file. */
function headingOf(path: string): string | undefined {
  if (!exists(path)) return undefined;
  return /^# (.*?)(?: \{#[^}]*\})?$/mu.exec(readFileSync(join(docs, `${path}.md`), 'utf8'))?.[1];
}

/** A page for each file of a folder; its title is its heading. */
function pagesIn(folder: string): readonly Page[] {
  if (!existsSync(join(docs, folder))) return [];
  const files = readdirSync(join(docs, folder)).filter(
    (name) => name.endsWith('.md') && name !== 'index.md' && name !== 'README.md',
  );
  return files.toSorted().map((file) => {
    const path = `${folder}/${file.slice(0, -'.md'.length)}`;
    const title = headingOf(path) ?? path;
    return { path, title: { en: title, zh: headingOf(`zh/${path}`) ?? title } };
  });
}

/** All sections: those written by hand, the readmes of the packages, and the decisions. */
export function allSections(): readonly Section[] {
  const [start, guides, reference, operations, project] = sections;
  const packages = { title: { en: 'Packages', zh: '软件包' }, pages: pagesIn('packages'), isCollapsed: true };
  const decisions = {
    title: { en: 'Decisions', zh: '设计决策' },
    pages: pagesIn('decisions'),
    isCollapsed: true,
  };
  return [start, guides, reference, packages, operations, project, decisions].filter(
    (section) => section !== undefined,
  );
}

/** The URL of a page in a language; of the English page if there is no translation; undefined if there is no page. */
export function linkOf({ path }: Page, language: Language): string | undefined {
  const isTranslated = !isEnglishOnly(path) || path === 'api/index';
  const folder = [isTranslated ? folderOf(language) : '', ''].find((prefix) => exists(`${prefix}${path}`));
  return folder === undefined ? undefined : `/${folder}${path}`.replace(/\/index$/u, '/');
}

/** Whether a link of VitePress, such as `./start/node`, is a page that is not written yet. */
export function isPlanned(link: string): boolean {
  return unwritten.includes(link.replace(/^[./]*(?:zh\/)?/u, '').replace(/#.*$/u, ''));
}

export function sidebarOf(language: Language): DefaultTheme.SidebarItem[] {
  return allSections().flatMap(({ title, pages, isCollapsed = false }) => {
    const items = pages.flatMap((page) => {
      const link = linkOf(page, language);
      return link === undefined ? [] : [{ text: page.title[language], link }];
    });
    return items.length === 0 ? [] : [{ text: title[language], items, collapsed: isCollapsed }];
  });
}

/** The links above the pages. */
export function topLinksOf(language: Language): DefaultTheme.NavItem[] {
  const links: readonly (readonly [string, string, string])[] = [
    ['start/index', 'Start', '快速开始'],
    ['rotation', 'Guides', '指南'],
    ['configuration', 'Reference', '参考'],
    ['operations', 'Operations', '运维'],
    ['errors', 'Errors', '错误码'],
  ];
  return links.flatMap(([path, en, zh]) => {
    const link = linkOf({ path, title: { en, zh } }, language);
    return link === undefined ? [] : [{ text: { en, zh }[language], link }];
  });
}

export interface FrameworkLink {
  readonly text: string;
  readonly link: string;
  readonly path: string;
}

/** What the framework switch shows; see theme/framework-switch.ts. */
export function frameworkLinksOf(language: Language): {
  readonly label: string;
  readonly links: readonly FrameworkLink[];
} {
  const links = frameworks.flatMap((page) => {
    const link = linkOf(page, language);
    return link === undefined ? [] : [{ text: page.title[language], link, path: page.path }];
  });
  return { label: { en: 'Framework', zh: '框架' }[language], links };
}
