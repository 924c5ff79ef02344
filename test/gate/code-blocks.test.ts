import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeBlocksIn, moduleOf, isPartOf } from '../support/code-blocks.ts';
import type { CodeBlock } from '../support/code-blocks.ts';
import { pages, readmes } from '../support/documents.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const appReadmes = readdirSync(join(root, 'apps')).map((name) => `apps/${name}/README.md`);
// The code of a translation is equal to that of the English page: translations.test.ts compares them.
const english = pages().filter((path) => !path.startsWith('docs/zh/'));
const blocks = [...readmes(), ...english, ...appReadmes].flatMap((document) => codeBlocksIn(document, read(document)));

/** Compiles blocks against the built packages, as a user does. Returns the errors with their lines in the documents. */
async function compile(compiled: readonly CodeBlock[], directory: string): Promise<readonly string[]> {
  const files = new Map(compiled.map((block) => [`${fileOf(block)}.ts`, block]));
  await mkdir(directory, { recursive: true });
  for (const [file, block] of files) await writeFile(join(directory, file), moduleOf(block));
  const options = { strict: true, target: 'es2023', module: 'nodenext', skipLibCheck: true, types: ['node'] };
  const libraries = { lib: ['es2023', 'esnext.disposable', 'dom'], experimentalDecorators: true }; // decorators of Nest
  const compilerOptions = { ...options, ...libraries, rootDir: '.', outDir: '.' };
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [...files.keys()] }));
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], { cwd: directory }).catch(
    (failed: { stdout: string }) => failed,
  );
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, file = '', at = '', rest = line] = /^(.+?)\((\d+),\d+\): (.*)$/u.exec(line) ?? [];
      const block = files.get(file);
      return block === undefined ? line : `${block.document}:${block.line + Number(at)} ${rest}`;
    });
}

const fileOf = ({ document, line }: CodeBlock): string => `${document.replaceAll(/\W+/gu, '-')}-${line}`;

// In node_modules of this package: blocks may import its dependencies.
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(import.meta.dirname, 'node_modules/.code-blocks-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('the code in docs/ and in each README', () => {
  const own = blocks.filter(({ from, notCompiled }) => from === undefined && notCompiled === undefined);
  // Compiled one by one: a global declaration of one block must not affect another.
  const declaring = own.filter(({ code }) => /^declare (?:module|global)\b/mu.test(code));
  const others = own.filter((block) => !declaring.includes(block));

  test('compiles', async () => {
    const errors = [...(await compile(others, join(directory, 'others')))];
    for (const block of declaring) errors.push(...(await compile([block], join(directory, fileOf(block)))));

    expect(own.length).toBeGreaterThan(0);
    expect(errors).toEqual([]);
  });

  test.each(own.filter(({ isRun }) => isRun).map((block) => [`${block.document}:${block.line}`, block] as const))(
    '%s runs and exits',
    async (_, block) => {
      const folder = declaring.includes(block) ? fileOf(block) : 'others';
      const file = join(directory, folder, `${fileOf(block)}.js`);

      const { stderr } = await run(process.execPath, [file], { cwd: directory, timeout: 50_000 });

      expect(stderr).toBe('');
    },
  );

  test.each(
    blocks.flatMap((block) =>
      block.from === undefined ? [] : [[`${block.document}:${block.line}`, block.from, block] as const],
    ),
  )('%s is part of %s', (_, from, block) => {
    expect(isPartOf(block, read(from))).toBe(true);
  });

  // TypeScript converts `using`, so that a block that needs Node 24 in JavaScript would compile and run here.
  test('uses no `using`, so that it also runs as JavaScript', () => {
    const unsupported = blocks.filter(({ code }) => /^\s*(?:await )?using \w/mu.test(code));

    expect(unsupported.map(({ document, line }) => `${document}:${line}`)).toEqual([]);
  });

  test('is not compiled only with a reason', () => {
    const excluded = blocks.flatMap(({ document, line, notCompiled }) =>
      notCompiled === undefined ? [] : [`${document}:${line} ${notCompiled}`],
    );

    expect(excluded).toMatchInlineSnapshot(`[]`);
  });
});

describe('codeBlocksIn and compile', () => {
  const only = (markdown: string): CodeBlock => {
    const [block, ...more] = codeBlocksIn('docs/a.md', markdown);
    if (block === undefined || more.length > 0) throw new Error('Expected exactly one block.');
    return block;
  };

  test('report an error with its line in the document', async () => {
    const block = only(
      'Prose.\n\n```ts\nimport { createSecretClient } from "@kms-secrets/core";\ncreateSecretClint();\n```\n',
    );

    const errors = await compile([block], join(directory, 'broken'));

    expect(errors).toEqual([expect.stringMatching(/^docs\/a\.md:5 error TS2552: /u)]);
  });

  test('parse the directives of a comment', () => {
    const block = (comment: string): CodeBlock => only(`<!-- ${comment} -->\n\n\`\`\`ts\nopen(db);\n\`\`\`\n`);

    expect(block('given: declare const db: string;\ndeclare function open(db: string): void;').given).toBe(
      'declare const db: string;\ndeclare function open(db: string): void;',
    );
    expect(block('from: packages/a.ts').from).toBe('packages/a.ts');
    expect(block('not compiled: it is half a line').notCompiled).toBe('it is half a line');
    expect([block('run').isRun, block('an ordinary comment').isRun]).toEqual([true, false]);
  });

  test('compare a block with its file, regardless of indentation', () => {
    const block = only('```ts\nif (a) {\n  b();\n}\n```\n');

    expect(isPartOf(block, 'function f() {\n  if (a) {\n    b();\n\n  }\n}')).toBe(true);
    expect(isPartOf(block, 'if (a) {\n  b();\n  c();\n}')).toBe(false);
    expect(isPartOf(block, 'else if (a) {\n  b();\n}')).toBe(false);
  });

  test('ignore blocks of other languages and detached comments', () => {
    expect(codeBlocksIn('a.md', '```sh\nls\n```\n\n<!-- run -->\n\nProse.\n\n```ts\na();\n```\n')).toMatchObject([
      { line: 9, code: 'a();\n', isRun: false },
    ]);
  });
});
