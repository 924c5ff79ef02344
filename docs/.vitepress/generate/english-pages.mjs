// @ts-check
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const docs = resolve(import.meta.dirname, '../..');

const introduction = '# API 参考\n\nAPI 参考由代码中的英文注释自动生成。每个入口一页：';

/**
 * Writes a Chinese page for each page that exists in English only: the language menu leads to it, and it leads to the English
 * page. The index of the reference lists its pages.
 */
export function generateEnglishPages() {
  for (const folder of ['api', 'decisions']) {
    const source = join(docs, folder);
    const target = join(docs, 'zh', folder);
    rmSync(target, { recursive: true, force: true });
    if (!existsSync(source)) continue;
    mkdirSync(target, { recursive: true });
    const pages = readdirSync(source).filter((file) => file.endsWith('.md') && file !== 'index.md');
    const links = pages.map((file) => {
      const [, title = file] = /^# (.*)$/mu.exec(readFileSync(join(source, file), 'utf8')) ?? [];
      const link = `[${title}](../../${folder}/${file})`;
      writeFileSync(join(target, file), `---\nsearch: false\n---\n\n# ${title}\n\n此页只有英文版：${link}\n`);
      return `- ${link}`;
    });
    if (folder === 'api') writeFileSync(join(target, 'index.md'), `${introduction}\n\n${links.join('\n')}\n`);
  }
}
