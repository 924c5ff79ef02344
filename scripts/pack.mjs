// @ts-check
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Packs every package as it would be published. pnpm does it, not npm: it applies publishConfig and writes versions
 * where the manifest says `catalog:` or `workspace:`.
 * @param {string} directory where the tarballs go
 * @returns {{ name: string; tarball: string; contents: string[] }[]}
 */
export function packAll(directory) {
  const printed = execFileSync(
    'pnpm',
    ['-r', '--filter', './packages/*', 'pack', '--json', '--pack-destination', directory],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' },
  );
  /** @type {{ name: string; filename: string; files: { path: string }[] }[]} */
  const packed = [JSON.parse(printed)].flat(); // one package alone comes without the list
  return packed.map(({ name, filename, files }) => ({
    name,
    tarball: resolve(directory, filename),
    contents: files.map(({ path }) => path),
  }));
}
