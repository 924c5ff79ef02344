// @ts-check
// Prints a page of docs/zh/ whose English page is measured by tests: docs/zh/conformance.md from docs/conformance.md. The Chinese
// texts are in scripts/translations/. A text that is missing there is an error, so the pages cannot differ.
import { readFileSync } from 'node:fs';
import { cellsOf, tableLines } from './markdown-table.mjs';
import { compatibility } from './translations/compatibility.mjs';
import { conformance } from './translations/conformance.mjs';
import { faults } from './translations/faults.mjs';

/**
 * The texts of a page: English to Chinese. A pattern translates a whole text; its groups are figures and names.
 * @typedef {object} Translation
 * @property {Readonly<Record<string, string>>} texts headings, paragraphs, list items and cells
 * @property {ReadonlyArray<readonly [RegExp, string | ((text: string) => string)]>} patterns
 * @property {readonly string[]} verbatim the English names of columns whose cells may stay as they are
 */

/** @type {Readonly<Record<string, Translation>>} */
const translations = { compatibility, conformance, faults };

/** The anchor of an English heading, as GitHub and the site make it. @param {string} heading */
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');

/** A page in docs/zh/ is one folder deeper: links to the repository change, links to pages do not. @param {string} text */
const deeper = (text) => text.replaceAll('](../', '](../../');

/** Blocks of a page: paragraphs, headings, list items and tables, each on one line or on several. @param {string} markdown */
function blocksOf(markdown) {
  /** @type {string[][]} */
  const blocks = [];
  let isOpen = false;
  for (const line of markdown.trimEnd().split('\n')) {
    const last = blocks.at(-1);
    if (isOpen && last !== undefined && line !== '' && !line.startsWith('- ')) last.push(line.trim());
    else if (line !== '') blocks.push([line]);
    isOpen = line !== '';
  }
  return blocks;
}

/** @param {string} page the name of the English page */
function translatorOf(page) {
  const translation = translations[page];
  if (translation === undefined) throw new Error(`scripts/translations has no texts for ${page}`);
  const { texts, patterns, verbatim } = translation;

  /** @param {string} text @returns {string | undefined} */
  const known = (text) => {
    const exact = texts[text];
    if (exact !== undefined) return exact;
    const [pattern, chinese] = patterns.find(([each]) => each.test(text)) ?? [];
    if (pattern === undefined || chinese === undefined) return undefined;
    return typeof chinese === 'string' ? text.replace(pattern, chinese) : chinese(text);
  };

  /** @param {string} text */
  const translated = (text) => {
    const chinese = known(text);
    if (chinese !== undefined) return chinese;
    throw new Error(`scripts/translations/${page}.mjs has no translation of "${text}"`);
  };

  /** @param {readonly string[]} lines */
  const table = ([head = '', , ...rows]) => {
    const columns = cellsOf(head);
    /** @param {string} cell @param {number} column */
    const cellOf = (cell, column) => {
      const isFigure = /^[\d,./\s]*$/u.test(cell);
      const mayStay = isFigure || verbatim.includes(columns[column] ?? '');
      return deeper(mayStay ? (known(cell) ?? cell) : translated(cell));
    };
    return tableLines([columns.map(translated), ...rows.map((row) => cellsOf(row).map(cellOf))]);
  };

  /** @param {readonly string[]} lines */
  return (lines) => {
    const text = lines.join(' ');
    if (text.startsWith('|')) return table(lines);
    if (text.startsWith('<!--')) return [text];
    const [, mark = '', rest = ''] = /^(#+ |- |)(.*)$/su.exec(text) ?? [];
    return [`${mark}${deeper(translated(rest))}${mark.startsWith('#') ? ` {#${anchorOf(rest)}}` : ''}`];
  };
}

/** A generator of scripts/generated-docs.mjs. @param {string} document */
export function print(document) {
  const page = document.slice('docs/zh/'.length, -'.md'.length);
  const english = readFileSync(new URL(`docs/${page}.md`, new URL('..', import.meta.url)), 'utf8');
  const translate = translatorOf(page);
  const lines = blocksOf(english).flatMap((block, index, blocks) => {
    const isInList = block[0]?.startsWith('- ') && blocks[index + 1]?.[0]?.startsWith('- ');
    return [...translate(block), ...(isInList ? [] : [''])];
  });
  return `${lines.join('\n').trimEnd()}\n`;
}
