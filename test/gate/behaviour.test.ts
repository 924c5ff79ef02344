import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { complaints, promisesIn } from '../support/promises.ts';

const root = join(import.meta.dirname, '../..');
const scenarioFolder = 'packages/testing/src/scenarios';

function read(file: string): string | undefined {
  const path = join(root, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** A scenario is a file in a section folder of that folder. */
function scenarios(): string[] {
  return readdirSync(join(root, scenarioFolder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'harness')
    .flatMap(({ name: section }) =>
      readdirSync(join(root, scenarioFolder, section)).map((file) => `${scenarioFolder}/${section}/${file}`),
    );
}

test('every promise of docs/behaviour.md names its proof, and every scenario is the proof of a promise', () => {
  const promises = promisesIn(readFileSync(join(root, 'docs/behaviour.md'), 'utf8'));

  expect(promises.length).toBeGreaterThan(0);
  expect(complaints(promises, { scenarios: scenarios(), read })).toEqual([]);
});

test('every weakness in docs/against-peers.md names the tests that show that it is not ours', () => {
  const weaknesses = promisesIn(readFileSync(join(root, 'docs/against-peers.md'), 'utf8'));

  expect(weaknesses.length).toBe(15);
  expect(complaints(weaknesses, { scenarios: [], read })).toEqual([]);
});

describe('it is noticed', () => {
  const files: Readonly<Record<string, string>> = { 'a.test.ts': "test('a secret is read', …)" };
  const judge = (markdown: string, ...scenarioFiles: string[]): string[] =>
    complaints(promisesIn(markdown), { scenarios: scenarioFiles, read: (file) => files[file] });

  test('that a promise has no proof', () => {
    expect(judge('| situation | promise |\n|---|---|\n| away | served |\n')).toEqual([
      'line 3 promises without a [proof](…): | away | served |',
    ]);
    expect(judge('- served')).toEqual(['line 1 promises without a [proof](…): - served']);
  });

  test('that a proof is not there', () => {
    expect(judge('- read [proof](../b.test.ts)')).toEqual(['line 1 names a proof that is not there: b.test.ts']);
  });

  test('that a test is not there', () => {
    expect(judge('- read [proof](../a.test.ts#a%20secret%20is%20lost)')).toEqual([
      'line 1 names a test that a.test.ts does not have: a secret is lost',
    ]);
  });

  test('that a scenario proves nothing', () => {
    expect(judge('- read [proof](../a.test.ts)', 'b.ts')).toEqual(['no line of docs/behaviour.md names b.ts']);
  });

  test('and nothing else', () => {
    expect(judge('Prose.\n```\n- code\n```\n- read [proof](../a.test.ts#a%20secret%20is%20read)', 'a.test.ts')).toEqual(
      [],
    );
  });
});
