import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

// The messages of errors link to sections of docs/errors.md.
const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const page = read('docs/errors.md');
const headings = new Set(Array.from(page.matchAll(/^#+ (.+)$/gmu), ([, heading = '']) => heading));
const sources = readdirSync(join(root, 'packages'))
  .flatMap((name) => filesIn(`packages/${name}/src`))
  .filter((path) => path.endsWith('.ts') && !/\.(?:test|test-d|fixture)\.ts$/u.test(path));

function filesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file));
}

function matchesIn(path: string, pattern: RegExp): readonly string[] {
  return Array.from(read(path).matchAll(pattern), ([, text = '']) => text);
}

test('every code of an error class has a section', () => {
  const codes = sources.flatMap((path) => matchesIn(path, /^ {2}(?:static override )?readonly code = '(ERR_\w+)'/gmu));

  expect(codes.length).toBeGreaterThan(14);
  expect(codes.filter((code) => !headings.has(code))).toEqual([]);
});

test('every link of a message leads to a section', () => {
  const anchors = new Set(Array.from(headings, (heading) => heading.toLowerCase()));
  const links = sources.flatMap((path) => matchesIn(path, /(?:errors|errorIndex\})#([a-z_]+)/gu));

  expect(links.length).toBeGreaterThan(2);
  expect(links.filter((link) => !anchors.has(link))).toEqual([]);
});

test('every code of KMS and STS that the client treats by its name is explained', () => {
  const files = ['secret/failures.ts', 'secret/rejected-identity.ts', 'transports/https/advice.ts'];
  const isKmsCode = /'([A-Z][a-z]+(?:[A-Z][A-Za-z]+|\.[A-Z][A-Za-z.]*[a-z]))'/gu;
  const codes = files.flatMap((file) => matchesIn(`packages/core/src/${file}`, isKmsCode));

  expect(codes.length).toBeGreaterThan(25);
  // Some are prefixes: `InvalidSecurityToken` stands for `InvalidSecurityToken.Expired` and others.
  const isExplained = (code: string): boolean =>
    [...headings].some((heading) => heading.startsWith(code)) || page.includes(`\`${code}`);
  expect(codes.filter((code) => !isExplained(code))).toEqual([]);
});

test('the table of failures is that of the client', () => {
  const inCode = Array.from(
    read('packages/core/src/secret/failures.ts').matchAll(
      /^ {2}(\w+): \{ retry: (true|false), failover: (true|false), serveStale: (true|false) \},$/gmu,
    ),
    ([, name = '', ...answers]) => [name, ...answers.map((answer) => answer === 'true')],
  );
  const inPage = Array.from(
    page.matchAll(/^\| `(\w+)` +\|[^|]+\| (yes|no) +\| (yes|no) +\| (served|dropped)/gmu),
    ([, name = '', ...answers]) => [name, ...answers.map((answer) => answer === 'yes' || answer === 'served')],
  );

  expect(inCode).toHaveLength(11);
  expect(inPage).toEqual(inCode);
});
