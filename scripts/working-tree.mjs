// @ts-check
// Finds the files that a test run wrote into the repository: a test that takes a relative path for its data does that.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { oneCheck } from './test-run.mjs';

/**
 * Starts the check: compares the working tree now with the working tree at the call of the result. A developer's own
 * changes are in both.
 * @param {string} root
 * @returns {(print: (text: string) => void) => import('./test-run.mjs').Counts}
 */
export function watchWorkingTree(root) {
  const before = changesIn(root);
  return (print) => {
    const after = changesIn(root);
    if (before === undefined || after === undefined) {
      print('skip  files written into the repository: git does not know this folder\n');
      return { passed: 0, failed: 0, skipped: 1 };
    }
    const written = [...new Set([...before.keys(), ...after.keys()])].filter(
      (path) => before.get(path) !== after.get(path),
    );
    if (written.length > 0) {
      print(`FAIL  files of the repository changed during the run; use a temporary folder instead:\n`);
      for (const path of written.toSorted()) print(`  ${path}\n`);
    }
    return oneCheck(written.length === 0);
  };
}

/**
 * Each path that differs from the last commit and is not ignored, with its state and a hash of its content.
 * @param {string} root
 * @returns {ReadonlyMap<string, string> | undefined} `undefined` without git or outside of a work tree
 */
function changesIn(root) {
  const options = ['status', '--porcelain=v1', '-z', '--no-renames', '--untracked-files=all'];
  const { status, stdout } = spawnSync('git', options, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) return undefined;
  const entries = stdout.split('\0').filter((entry) => entry !== '');
  return new Map(
    entries.map((entry) => {
      const path = entry.slice(3);
      return [path, `${entry.slice(0, 2)} ${contentHash(join(root, path))}`];
    }),
  );
}

/** @param {string} path */
function contentHash(path) {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 'deleted';
  return stats.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'no file';
}
