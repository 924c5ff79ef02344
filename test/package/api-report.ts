import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'rolldown/utils';

interface Statement {
  readonly name: string;
  readonly text: string;
}

interface Declarations {
  /** The names that the file exports, of its own and of other packages. */
  readonly exported: readonly string[];
  /** The declarations of the file without comments. Unexported ones are part of the signatures of the others. */
  readonly statements: readonly Statement[];
}

interface Manifest {
  readonly name: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
}

/**
 * The public API of a built package: for each entry point, the exported names and the declarations. Sorted and without comments, so that
 * a diff shows changes of the API and nothing else.
 */
export function apiReport(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const entries = Object.entries(manifest.exports).flatMap(([path, target]) => {
    const file = /"\.\/(dist\/[^"]+\.d\.ts)"/u.exec(JSON.stringify(target))?.[1];
    return file === undefined ? [] : [{ name: join(manifest.name, path), file: join(folder, file) }];
  });
  const shared = join(folder, 'dist/shared.d.ts');
  return [
    `# ${manifest.name}`,
    'The public API, written by `pnpm exec vitest run -u --project package api`. A change of this file needs a changeset.',
    ...Object.keys(manifest.bin ?? {}).map((command) => `Command: \`${command}\``),
    ...entries.flatMap(({ name, file }) => section(name, declarationsIn(file))),
    ...(existsSync(shared) ? section('Shared by the entry points', { ...declarationsIn(shared), exported: [] }) : []),
    '',
  ].join('\n\n');
}

function section(title: string, { exported, statements }: Declarations): string[] {
  return [
    `## ${title}`,
    ...(exported.length > 0 ? [['Exports:', '', ...exported.map((name) => `- \`${name}\``)].join('\n')] : []),
    ...(statements.length > 0 ? [`\`\`\`ts\n${statements.map(({ text }) => text).join('\n')}\n\`\`\``] : []),
  ];
}

function declarationsIn(file: string): Declarations {
  const code = readFileSync(file, 'utf8');
  const { program, comments, errors } = parseSync(file, code, { lang: 'dts' });
  if (errors.length > 0) throw new Error(`${file} is not valid: ${errors.map(({ message }) => message).join(', ')}`);
  const exported: string[] = [];
  const statements: Statement[] = [];
  for (const statement of program.body) {
    if (statement.type === 'ImportDeclaration') continue;
    if (statement.type === 'ExportNamedDeclaration' && statement.declaration === null) {
      exported.push(...statement.specifiers.map((each) => code.slice(each.exported.start, each.exported.end)));
    } else {
      const text = withoutComments(code, statement, comments);
      statements.push({
        name: /(?:class|const|function|interface|module|namespace|type) ['\w$]+/u.exec(text)?.[0] ?? text,
        text,
      });
    }
  }
  return { exported: exported.toSorted(), statements: statements.toSorted(byName) };
}

/** By the name, then by the kind of declaration: a type and a constant can have the same name. */
function byName(left: Statement, right: Statement): number {
  const [one, other] = [left, right].map(({ name }) => name.split(' ').toReversed().join(' ')) as [string, string];
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function withoutComments(code: string, { start, end }: Range, comments: readonly Range[]): string {
  let text = '';
  let position = start;
  for (const comment of comments.filter((each) => each.start >= start && each.end <= end)) {
    text += code.slice(position, comment.start);
    position = comment.end;
  }
  return `${text}${code.slice(position, end)}`.replaceAll(/[ \t]+$/gmu, '').replaceAll(/\n{2,}/gu, '\n');
}
