// @ts-check
// Checks the tarballs with publint and attw, in their strictest settings (docs/decisions/0001-check-tools.md), and their sizes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { packAll } from './pack.mjs';
import { overBudget, sizesOf } from './release/sizes.mjs';
import { readTarball } from './release/tarball.mjs';

const budgets = JSON.parse(readFileSync(new URL('../test/package/sizes.json', import.meta.url), 'utf8'));
const directory = mkdtempSync(join(tmpdir(), 'tarballs-'));
try {
  for (const { name, tarball } of packAll(directory)) {
    for (const problem of overBudget(name, sizesOf(readTarball(tarball, directory)), budgets)) {
      console.log(`FAIL  ${problem}`);
      process.exitCode = 1;
    }
    for (const [tool, ...options] of [
      ['publint', '--strict'],
      // The internal entry of core has no declarations: packages of this repository compile against the sources.
      ['attw', '--profile', 'strict', '--format', 'ascii', '--quiet', '--exclude-entrypoints', 'internal'],
    ]) {
      const { status, stdout, stderr } = spawnSync(tool ?? '', [tarball, ...options], { encoding: 'utf8' });
      console.log(`${status === 0 ? 'ok  ' : 'FAIL'}  ${tool} ${basename(tarball)}`);
      if (status === 0) continue;
      console.log(stdout + stderr);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(directory, { recursive: true });
}
