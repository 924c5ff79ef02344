import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { problemsIn, promisesIn } from '../support/promises.ts';

const root = join(import.meta.dirname, '../..');
const scenarioFolder = 'packages/testing/src/scenarios';

function read(file: string): string | undefined {
  const path = join(root, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** The files in the section folders. */
function scenarios(): string[] {
  return readdirSync(join(root, scenarioFolder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'harness')
    .flatMap(({ name: section }) =>
      readdirSync(join(root, scenarioFolder, section)).map((file) => `${scenarioFolder}/${section}/${file}`),
    );
}

test('every promise in docs/behaviour.md has a proof, and every scenario proves one', () => {
  const promises = promisesIn(readFileSync(join(root, 'docs/behaviour.md'), 'utf8'));

  expect(promises.length).toBeGreaterThan(0);
  expect(problemsIn(promises, { scenarios: scenarios(), read })).toEqual([]);
});

test('every weakness in docs/against-peers.md links to the tests of our behaviour', () => {
  const weaknesses = promisesIn(readFileSync(join(root, 'docs/against-peers.md'), 'utf8'));

  expect(weaknesses.length).toBe(15);
  expect(problemsIn(weaknesses, { scenarios: [], read })).toEqual([]);
});

describe('problemsIn reports', () => {
  const files: Readonly<Record<string, string>> = { 'a.test.ts': "test('a secret is read', …)" };
  const problems = (markdown: string, ...scenarioFiles: string[]): string[] =>
    problemsIn(promisesIn(markdown), { scenarios: scenarioFiles, read: (file) => files[file] });

  test('a promise without a proof', () => {
    expect(problems('| situation | promise |\n|---|---|\n| outage | served |\n')).toEqual([
      'line 3: promise without a [proof](…) link: | outage | served |',
    ]);
    expect(problems('- served')).toEqual(['line 1: promise without a [proof](…) link: - served']);
  });

  test('a proof in a file that does not exist', () => {
    expect(problems('- read [proof](../b.test.ts)')).toEqual(['line 1: no such file: b.test.ts']);
  });

  test('a proof by a test that does not exist', () => {
    expect(problems('- read [proof](../a.test.ts#a%20secret%20is%20lost)')).toEqual([
      'line 1: a.test.ts does not contain the test "a secret is lost"',
    ]);
  });

  test('a scenario that proves nothing', () => {
    expect(problems('- read [proof](../a.test.ts)', 'b.ts')).toEqual([
      'b.ts: no promise in docs/behaviour.md links to this scenario',
    ]);
  });

  test('nothing for a correct document', () => {
    expect(
      problems('Prose.\n```\n- code\n```\n- read [proof](../a.test.ts#a%20secret%20is%20read)', 'a.test.ts'),
    ).toEqual([]);
  });
});
