import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { watchWorkingTree } from '../../scripts/working-tree.mjs';

/** A repository with one committed, one changed and one ignored file. */
async function repository(): Promise<string> {
  const root = await folder();
  const git = (...args: string[]): void =>
    void execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: root });
  git('init', '--quiet');
  await writeFile(join(root, 'committed.txt'), 'one');
  await writeFile(join(root, 'changed.txt'), 'one');
  await writeFile(join(root, '.gitignore'), 'out/\n');
  git('add', '.');
  git('commit', '--quiet', '--message', 'first');
  await writeFile(join(root, 'changed.txt'), 'two');
  return root;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'working-tree-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

function judge(end: ReturnType<typeof watchWorkingTree>): { counts: object; lines: string[] } {
  let printed = '';
  const counts = end((text) => void (printed += text));
  return { counts, lines: printed.split('\n').slice(0, -1) };
}

test('passes when nothing but ignored files changed during the run', async () => {
  const root = await repository();
  const end = watchWorkingTree(root);

  await mkdir(join(root, 'out'));
  await writeFile(join(root, 'out/report.txt'), 'report');

  expect(judge(end)).toEqual({ counts: { passed: 1, failed: 0, skipped: 0 }, lines: [] });
});

test('fails with the list of files that were written, changed again or deleted', async () => {
  const root = await repository();
  const end = watchWorkingTree(root);

  await mkdir(join(root, 'secrets'));
  await writeFile(join(root, 'secrets/new.v1'), 'new');
  await writeFile(join(root, 'changed.txt'), 'three');
  await rm(join(root, 'committed.txt'));

  expect(judge(end)).toEqual({
    counts: { passed: 0, failed: 1, skipped: 0 },
    lines: [
      'FAIL  files of the repository changed during the run; use a temporary folder instead:',
      '  changed.txt',
      '  committed.txt',
      '  secrets/new.v1',
    ],
  });
});

test('counts as skipped, and says so, outside of a git work tree', async () => {
  const end = watchWorkingTree(await folder());

  expect(judge(end)).toEqual({
    counts: { passed: 0, failed: 0, skipped: 1 },
    lines: ['skip  files written into the repository: git does not know this folder'],
  });
});
