// @ts-check
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { slug } from 'github-slugger';

const root = resolve(import.meta.dirname, '../../..');
const languages = [
  { folder: 'packages', readme: 'README.md' },
  { folder: 'zh/packages', readme: 'README.zh-CN.md' },
];

/** Copies the readme of each package to a page, in each language. The site rewrites their links. */
export function generatePackagePages() {
  for (const { folder, readme } of languages) {
    const pages = join(root, 'docs', folder);
    rmSync(pages, { recursive: true, force: true });
    mkdirSync(pages, { recursive: true });
    for (const name of readdirSync(join(root, 'packages'))) {
      const source = join(root, 'packages', name, readme);
      const original = join(root, 'packages', name, 'README.md');
      if (existsSync(source)) writeFileSync(join(pages, `${name}.md`), withAnchorsOf(original, source));
    }
  }
}

/**
 * A readme with the anchors of the English one above its headings, so that a link to a section works in both languages.
 * @param {string} original
 * @param {string} source
 */
function withAnchorsOf(original, source) {
  const lines = readFileSync(source, 'utf8').split('\n');
  if (original === source) return lines.join('\n');
  const english = readFileSync(original, 'utf8').split('\n');
  const ids = headingLines(english).map((line) => slug(english[line]?.replace(/^#+ /u, '') ?? ''));
  for (const [index, line] of headingLines(lines).entries())
    lines[line] = `<a id="${ids[index]}"></a>\n\n${lines[line]}`;
  return lines.join('\n');
}

/**
 * The indices of the lines that are headings, and not comments in a block of code.
 * @param {readonly string[]} lines
 */
function headingLines(lines) {
  let isCode = false;
  return lines.flatMap((line, index) => {
    if (line.startsWith('```')) isCode = !isCode;
    return !isCode && /^#+ /u.test(line) ? [index] : [];
  });
}
