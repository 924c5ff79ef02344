// @ts-check
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Packs every package as for publishing. With pnpm instead of npm, because pnpm applies `publishConfig` and replaces `catalog:` and
 * `workspace:` by versions.
 * @param {string} directory of the tarballs
 * @param {string} [root] of the repository or of a copy
 * @returns {{ name: string; tarball: string; contents: string[] }[]}
 */
export function packAll(directory, root = fileURLToPath(new URL('..', import.meta.url))) {
  const output = execFileSync(
    'pnpm',
    ['-r', '--filter', './packages/*', 'pack', '--json', '--pack-destination', directory],
    { cwd: root, encoding: 'utf8' },
  );
  /** @type {{ name: string; filename: string; files: { path: string }[] }[]} */
  const packed = [JSON.parse(output)].flat(); // for a single package pnpm prints no list
  return packed.map(({ name, filename, files }) => ({
    name,
    tarball: resolve(directory, filename),
    contents: files.map(({ path }) => path),
  }));
}
