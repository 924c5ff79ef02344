import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** What the linter says about one line. */
interface Report {
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}
type Reports = ReadonlyMap<string, readonly Report[]>;

const root = join(import.meta.dirname, '../..');
const breaks = join(import.meta.dirname, 'breaks');
const trees: string[] = [];

/** A tree of the same layout, with the real rules, and the real linter over it. */
async function lint(samples: string, more: Readonly<Record<string, string>> = {}): Promise<Reports> {
  const tree = await mkdtemp(join(tmpdir(), 'rules-'));
  trees.push(tree);
  await cp(samples, tree, { recursive: true });
  await Promise.all(['.oxlintrc.json', 'tsconfig.base.json'].map((name) => cp(join(root, name), join(tree, name))));
  await writeFile(join(tree, '.gitignore'), 'node_modules\n');
  await symlink(join(root, 'node_modules'), join(tree, 'node_modules'));
  await writeFile(join(tree, 'tsconfig.json'), '{ "extends": "./tsconfig.base.json", "include": ["**/*.ts"] }');
  await Promise.all(Object.entries(more).map(([path, text]) => write(join(tree, path), text)));
  const oxlint = join(root, 'node_modules/.bin/oxlint');
  const ran = await promisify(execFile)(oxlint, ['-f', 'json'], { cwd: tree, maxBuffer: 2 ** 26 }).catch(
    (failed: { stdout: string }) => failed, // what is wanted here: it found something
  );
  return collect(ran.stdout);
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

function collect(json: string): Reports {
  const { diagnostics } = JSON.parse(json) as {
    diagnostics: {
      filename: string;
      code: string;
      message: string;
      help?: string;
      labels: { span: { line: number } }[];
    }[];
  };
  const reports = new Map<string, Report[]>();
  for (const { filename, code, message, help = '', labels } of diagnostics) {
    const report = { line: labels[0]?.span.line ?? 0, rule: code, message: `${message} ${help}` };
    reports.set(filename, [...(reports.get(filename) ?? []), report]);
  }
  return reports;
}

/** `code; // breaks rule(name): a part of the message` */
function expected(text: string): Report[] {
  return text.split('\n').flatMap((line, index) => {
    const [, rule, message] = / \/\/ breaks (\S+\(\S+\)): (.+)$/.exec(line) ?? [];
    return rule !== undefined && message !== undefined ? [{ line: index + 1, rule, message }] : [];
  });
}

afterAll(() => Promise.all(trees.map((tree) => rm(tree, { recursive: true }))));

const files = (await readdir(breaks, { recursive: true })).filter((name) => name.endsWith('.ts')).toSorted();

describe('the linter catches, in the line where it stands, and only there,', () => {
  let found: Reports;
  beforeAll(async () => {
    found = await lint(breaks);
  }, 60_000);

  test.each(files)('%s', async (file) => {
    const wanted = expected(await readFile(join(breaks, file), 'utf8'));

    const got = (found.get(file) ?? []).toSorted((one, other) => one.line - other.line);

    expect(wanted).not.toEqual([]);
    expect(got).toEqual(
      wanted.map(({ message, ...where }) => ({ ...where, message: expect.stringContaining(message) })),
    );
  });

  test('and nothing in a file that is not there', () => {
    expect([...found.keys()].filter((file) => !files.includes(file))).toEqual([]);
  });
});

test('what keeps to the rules passes, in every room', async () => {
  expect(await lint(join(import.meta.dirname, 'keeps'))).toEqual(new Map());
}, 60_000);

test('250 lines of code are enough for a source file, 400 for a test', async () => {
  const lines = (count: number) => `/* why */\n\nexport const lines: number[] = [\n${'  1,\n'.repeat(count - 2)}];\n`;
  const empty = await mkdtemp(join(tmpdir(), 'rules-'));
  trees.push(empty);

  const found = await lint(empty, {
    'packages/core/src/long.ts': lines(250),
    'packages/core/src/too-long.ts': lines(251),
    'packages/core/src/long.test.ts': lines(400),
    'packages/core/src/too-long.test.ts': lines(401),
  });

  const tooLong = [expect.objectContaining({ rule: 'eslint(max-lines)' })];
  expect(Object.fromEntries(found)).toEqual({
    'packages/core/src/too-long.ts': tooLong,
    'packages/core/src/too-long.test.ts': tooLong,
  });
}, 60_000);
