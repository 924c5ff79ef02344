import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMarkdownRenderer } from 'vitepress';
import type { MarkdownRenderer } from 'vitepress';
import { readLink } from './links.ts';
import type { LinkTarget } from './links.ts';
import { anchor } from './markdown/options.ts';
import { docs, root } from './paths.ts';

interface Part {
  /** Counted from 1. */
  readonly line: number;
}

export interface Heading extends Part {
  readonly level: number;
  readonly id: string;
}

export interface Block extends Part {
  readonly language: string;
  readonly code: string;
}

export interface Table extends Part {
  /** The text of the first cell of each row, without the header. */
  readonly firstCells: readonly string[];
}

export interface Link extends Part, LinkTarget {
  readonly href: string;
  /** How many headings are above it. */
  readonly section: number;
}

/** The parts of a document that its translation must have too, and that links lead to. */
export interface Outline {
  readonly path: string;
  readonly headings: readonly Heading[];
  readonly blocks: readonly Block[];
  readonly tables: readonly Table[];
  readonly links: readonly Link[];
  /** The anchors: those of headings, and of elements in HTML. */
  readonly ids: ReadonlySet<string>;
}

const renderer = createMarkdownRenderer(docs, { anchor, highlight: (code) => code });

type Token = ReturnType<MarkdownRenderer['parse']>[number];

/** Parses a document as the site does. `path` is relative to the root of the repository. */
export async function outlineOf(path: string, text = readFileSync(join(root, path), 'utf8')): Promise<Outline> {
  const markdown = await renderer;
  const body = text.replace(/^---\n[^]*?\n---\n/u, (matter) => matter.replaceAll(/[^\n]/gu, ''));
  const tokens = markdown.parse(body, { path: join(root, path), relativePath: path });
  const headings: Heading[] = [];
  const blocks: Block[] = [];
  const tables: { line: number; firstCells: string[] }[] = [];
  const links: Link[] = [];
  let line = 1;
  tokens.forEach((token, index) => {
    if (token.map !== null) line = token.map[0] + 1;
    if (token.type === 'heading_open')
      headings.push({ line, level: Number(token.tag.slice(1)), id: attribute(token, 'id') });
    if (token.type === 'fence')
      blocks.push({ line, language: token.info.trim().split(/\s/u)[0] ?? '', code: token.content });
    if (token.type === 'table_open') tables.push({ line, firstCells: [] });
    if (token.type === 'td_open' && tokens[index - 1]?.type === 'tr_open') {
      tables.at(-1)?.firstCells.push(tokens[index + 1]?.content ?? '');
    }
    for (const child of token.children ?? []) {
      if (child.type === 'link_open' && !attribute(child, 'class').includes('header-anchor')) {
        const href = attribute(child, 'href');
        links.push({ line, href, ...readLink(href, path), section: headings.length });
      }
    }
  });
  const elements = Array.from(text.matchAll(/<[a-z]+[^>]* id="([^"]+)"/gu), ([, id = '']) => id);
  return { path, headings, blocks, tables, links, ids: new Set([...headings.map(({ id }) => id), ...elements]) };
}

const attribute = (token: Token, name: string): string => token.attrGet(name) ?? '';
