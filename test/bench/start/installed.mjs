// @ts-check
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @typedef {{ packages: number; bytes: number; ownBytes: number }} Installed */

/**
 * What `npm install` of a package installs: the package and all its dependencies, once each. Bytes are disk usage in blocks of
 * 4 KiB. For packages of this repository, the content of the tarball counts.
 * @param {string} name
 * @returns {Installed}
 */
export function installed(name) {
  const root = fileURLToPath(new URL('.', import.meta.resolve(`${name}/package.json`)));
  /** @type {Map<string, number>} */
  const found = new Map();
  visit(realpathSync(root), found);
  const sizes = [...found.values()];
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return { packages: sizes.length, bytes, ownBytes: sizes[0] ?? 0 };
}

/**
 * @param {string} directory
 * @param {Map<string, number>} found
 */
function visit(directory, found) {
  if (found.has(directory)) return;
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const isOurs = String(manifest.name).startsWith('@kms-secrets/');
  found.set(directory, isOurs ? packedSize(directory) : sizeOf(directory));
  for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
    const location = findPackage(dependency, directory);
    if (location !== undefined) visit(location, found);
  }
}

/**
 * Searches the `node_modules` directories. `import.meta.resolve` cannot be used, because not every package exports its manifest.
 * @param {string} name
 * @param {string} directory of the dependent package
 */
function findPackage(name, directory) {
  const paths = createRequire(join(directory, 'package.json')).resolve.paths(name) ?? [];
  for (const path of paths) {
    try {
      return realpathSync(join(path, name));
    } catch {
      // Try the next directory. An optional dependency for another platform is in none.
    }
  }
  return undefined;
}

/**
 * The size of the tarball's content.
 * @param {string} directory
 */
function packedSize(directory) {
  const temporary = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    execFileSync('pnpm', ['pack', '--out', join(temporary, 'packed.tgz')], { cwd: directory });
    execFileSync('tar', ['-xzf', 'packed.tgz'], { cwd: temporary });
    return sizeOf(join(temporary, 'package'));
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** @param {string} directory */
function sizeOf(directory) {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
    (path) => !path.split(sep).includes('node_modules'),
  );
  const files = paths.map((path) => statSync(join(directory, path))).filter((stats) => stats.isFile());
  return files.reduce((sum, { size }) => sum + Math.ceil(size / 4_096) * 4_096, 0);
}
