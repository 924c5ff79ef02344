// @ts-check
// Prints the sizes of the packed packages as a table: of the tarball, and of the installed folder without dependencies. Build them first.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packAll } from './pack.mjs';

const directory = mkdtempSync(join(tmpdir(), 'kms-secrets-sizes-'));
try {
  const rows = packAll(directory).map(({ name, tarball }) => {
    const unpacked = execFileSync('tar', ['-xzOf', tarball], { maxBuffer: 64 * 1024 * 1024 }).byteLength;
    return `| \`${name}\` | ${kilobytes(statSync(tarball).size)} | ${kilobytes(unpacked)} |`;
  });
  console.log(['| package | tarball | installed |', '| --- | --: | --: |', ...rows.toSorted()].join('\n'));
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${(bytes / 1_000).toFixed(0)} kB`;
}
