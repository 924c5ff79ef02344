import type { Block, Heading, Link, Outline, Table } from '../../docs/.vitepress/outline.ts';

/** What a translation lacks or has too much of: one line for each difference, with the places in both files. */
export function differences(english: Outline, chinese: Outline): readonly string[] {
  const place = ({ path }: Outline, part: { line: number } | undefined): string => `${path}:${part?.line ?? 'end'}`;
  /** Compares parts in their order; after the first difference the others follow from it. */
  const compare = <Part extends { line: number }>(
    ours: readonly Part[],
    theirs: readonly Part[],
    show: (part: Part) => string,
  ): string[] => {
    const shown = (part: Part | undefined): string => (part === undefined ? 'nothing' : show(part));
    const length = Math.max(ours.length, theirs.length);
    const index = Array.from({ length }, (_, at) => at).find((at) => shown(ours[at]) !== shown(theirs[at]));
    if (index === undefined) return [];
    const [expected, found] = [ours[index], theirs[index]];
    return [`${place(chinese, found)} has ${shown(found)}; ${place(english, expected)} has ${shown(expected)}`];
  };
  const headings = compare(english.headings, chinese.headings, showHeading(english));
  return [
    ...headings,
    ...compare(english.blocks, chinese.blocks, showBlock),
    ...compare(english.tables, chinese.tables, showTable),
    // Sections with other headings are not the same sections.
    ...(headings.length === 0 ? linksOf(english, chinese) : []),
  ];
}

/** Readmes have no anchors of their own: GitHub and npm would show them as text. */
const showHeading =
  ({ path }: Outline) =>
  ({ level, id }: Heading): string =>
    `a heading of level ${level}${path.startsWith('docs/') ? ` with {#${id}}` : ''}`;

/** Pictures are translated, so only the numbers of their lines are equal. */
const pictures = ['mermaid', 'timeline'];

function showBlock({ language, code }: Block): string {
  const lines = code
    .split('\n')
    .map((line) => line.replace(/(?:^|\s+)(?:\/\/|#|--|\/?\*+)(?:\s.*|$)|\s*<!--.*-->/u, '').trimEnd())
    .filter((line) => line !== '');
  if (pictures.includes(language)) return `a picture of ${lines.length} lines`;
  return `a block of ${language === '' ? 'text' : language}:\n    ${lines.join('\n    ')}\n`;
}

const codeIn = (cell: string): string => (cell.match(/`[^`]+`/gu) ?? []).join(' ');

function showTable({ firstCells }: Table): string {
  return `a table of ${firstCells.length} rows with ${firstCells.map(codeIn).join(', ')} in the first column`;
}

/** Compared for each section, without their order: a Chinese sentence has another. */
function linksOf(english: Outline, chinese: Outline): readonly string[] {
  const sections = english.headings.map((heading, index) => ({
    heading,
    translated: chinese.headings[index],
    index: index + 1,
  }));
  return sections.flatMap(({ heading, translated, index }) => {
    const inSection = ({ links }: Outline): string[] =>
      links.filter(({ section }) => section === index).map(languageless);
    const [ours, theirs] = [inSection(english), inSection(chinese)];
    const problems = [
      ...without(ours, theirs).map((target) => `lacks a link to ${target}`),
      ...without(theirs, ours).map((target) => `has a link to ${target}, which the English section does not have`),
    ];
    return problems.map(
      (problem) => `${chinese.path}:${translated?.line ?? 'end'} ${problem} (${english.path}:${heading.line})`,
    );
  });
}

/** The elements of a list that another list does not have, or has fewer times. */
function without(list: readonly string[], other: readonly string[]): readonly string[] {
  const rest = [...other];
  return list.filter((element) => {
    const index = rest.indexOf(element);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}

/** What a link leads to, without what differs between the languages. Alibaba Cloud has other addresses for its Chinese help. */
function languageless({ href, file, rest }: Link): string {
  if (/^https:\/\/(?:www\.alibabacloud\.com\/help|help\.aliyun\.com)\b/u.test(href)) return 'the help of Alibaba Cloud';
  if (file === undefined) return href;
  const english = file.replace(/^docs\/zh\//u, 'docs/').replace(/README\.zh-CN\.md$/u, 'README.md');
  // The anchors of readmes are made from their translated headings: links.test.ts looks whether they exist.
  const isReadme = /^packages\/[\w-]+(?:\/README\.md)?$|^README\.md$/u.test(english);
  return isReadme ? english.replace(/\/README\.md$/u, '') : `${english}${rest}`;
}
