import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** A diagnostic of the linter. */
interface Diagnostic {
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}
type DiagnosticsByFile = ReadonlyMap<string, readonly Diagnostic[]>;

const root = join(import.meta.dirname, '../..');
const breaks = join(import.meta.dirname, 'breaks');
const trees: string[] = [];

/** Runs the linter with the rules of this repository on a copy of `samples`, and on `files`: texts by path. */
async function lint(samples: string, files: Readonly<Record<string, string>> = {}): Promise<DiagnosticsByFile> {
  const tree = await mkdtemp(join(tmpdir(), 'rules-'));
  trees.push(tree);
  await cp(samples, tree, { recursive: true });
  await Promise.all(['.oxlintrc.json', 'tsconfig.base.json'].map((name) => cp(join(root, name), join(tree, name))));
  await writeFile(join(tree, '.gitignore'), 'node_modules\n');
  await symlink(join(root, 'node_modules'), join(tree, 'node_modules'));
  await writeFile(join(tree, 'tsconfig.json'), '{ "extends": "./tsconfig.base.json", "include": ["**/*.ts"] }');
  await Promise.all(Object.entries(files).map(([path, text]) => write(join(tree, path), text)));
  const oxlint = join(root, 'node_modules/.bin/oxlint');
  const { stdout } = await promisify(execFile)(oxlint, ['-f', 'json'], { cwd: tree, maxBuffer: 2 ** 26 }).catch(
    (failed: { stdout: string }) => failed, // it exits with 1 if it has found something
  );
  return parse(stdout);
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

function parse(json: string): DiagnosticsByFile {
  const { diagnostics } = JSON.parse(json) as {
    diagnostics: {
      filename: string;
      code: string;
      message: string;
      help?: string;
      labels: { span: { line: number } }[];
    }[];
  };
  const byFile = new Map<string, Diagnostic[]>();
  for (const { filename, code, message, help = '', labels } of diagnostics) {
    const diagnostic = { line: labels[0]?.span.line ?? 0, rule: code, message: `${message} ${help}` };
    byFile.set(filename, [...(byFile.get(filename) ?? []), diagnostic]);
  }
  return byFile;
}

/** The diagnostics that a file expects: `code; // breaks rule(name): part of the message`. */
function expectedIn(text: string): Diagnostic[] {
  return text.split('\n').flatMap((line, index) => {
    const [, rule, message] = / \/\/ breaks (\S+\(\S+\)): (.+)$/.exec(line) ?? [];
    return rule !== undefined && message !== undefined ? [{ line: index + 1, rule, message }] : [];
  });
}

afterAll(() => Promise.all(trees.map((tree) => rm(tree, { recursive: true }))));

const samples = (await readdir(breaks, { recursive: true })).filter((name) => name.endsWith('.ts')).toSorted();

describe('the linter reports every violation, in its line, and nothing else', () => {
  let diagnostics: DiagnosticsByFile;
  beforeAll(async () => {
    diagnostics = await lint(breaks);
  }, 60_000);

  test.each(samples)('%s', async (file) => {
    const expected = expectedIn(await readFile(join(breaks, file), 'utf8'));

    const actual = (diagnostics.get(file) ?? []).toSorted((one, other) => one.line - other.line);

    expect(expected).not.toEqual([]);
    expect(actual).toEqual(
      expected.map(({ message, ...where }) => ({ ...where, message: expect.stringContaining(message) })),
    );
  });

  test('no other file has a diagnostic', () => {
    expect([...diagnostics.keys()].filter((file) => !samples.includes(file))).toEqual([]);
  });
});

test('reports nothing for allowed imports', async () => {
  expect(await lint(join(import.meta.dirname, 'keeps'))).toEqual(new Map());
}, 60_000);

test('limits a source file to 250 lines of code, a test to 400', async () => {
  const lines = (count: number) =>
    `/* comment */\n\nexport const lines: number[] = [\n${'  1,\n'.repeat(count - 2)}];\n`;
  const empty = await mkdtemp(join(tmpdir(), 'rules-'));
  trees.push(empty);

  const diagnostics = await lint(empty, {
    'packages/core/src/long.ts': lines(250),
    'packages/core/src/too-long.ts': lines(251),
    'packages/core/src/long.test.ts': lines(400),
    'packages/core/src/too-long.test.ts': lines(401),
  });

  const tooLong = [expect.objectContaining({ rule: 'eslint(max-lines)' })];
  expect(Object.fromEntries(diagnostics)).toEqual({
    'packages/core/src/too-long.ts': tooLong,
    'packages/core/src/too-long.test.ts': tooLong,
  });
}, 60_000);
