// @ts-check
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const docs = resolve(import.meta.dirname, '../..');
const source = join(docs, 'api');
const target = join(docs, 'zh/api');

const introduction = '# API 参考\n\nAPI 参考由代码中的英文注释自动生成。每个入口一页：';

/**
 * Writes a Chinese page for each page of the API reference, which is in English only: the language menu leads to it, and it
 * leads to the English page. The index lists them.
 */
export function generateEnglishPages() {
  rmSync(target, { recursive: true, force: true });
  if (!existsSync(source)) return;
  mkdirSync(target, { recursive: true });
  const pages = readdirSync(source).filter((file) => file.endsWith('.md') && file !== 'index.md');
  const links = pages.map((file) => {
    const [, title = file] = /^# (.*)$/mu.exec(readFileSync(join(source, file), 'utf8')) ?? [];
    const link = `[${title}](../../api/${file})`;
    writeFileSync(join(target, file), `---\nsearch: false\n---\n\n# ${title}\n\n此页只有英文版：${link}\n`);
    return `- ${link}`;
  });
  writeFileSync(join(target, 'index.md'), `${introduction}\n\n${links.join('\n')}\n`);
}
