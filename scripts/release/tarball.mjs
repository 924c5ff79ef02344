// @ts-check
// The content of a packed package.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} version
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [peerDependencies]
 *
 * @typedef {object} PackedFile
 * @property {string} path in the package
 * @property {Buffer} content
 *
 * @typedef {object} Tarball
 * @property {string} path
 * @property {number} bytes
 * @property {Manifest} manifest
 * @property {readonly PackedFile[]} files
 */

/**
 * @param {string} path of the tarball
 * @param {string} workFolder where it is unpacked
 * @returns {Tarball}
 */
export function readTarball(path, workFolder) {
  mkdirSync(workFolder, { recursive: true });
  const folder = mkdtempSync(join(workFolder, `${basename(path, '.tgz')}-`));
  execFileSync('tar', ['-xzf', path, '--strip-components=1', '-C', folder]);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ path: file.slice(folder.length + 1).replaceAll('\\', '/'), content: readFileSync(file) }))
    .toSorted((left, right) => (left.path < right.path ? -1 : 1));
  const manifest = files.find((file) => file.path === 'package.json');
  if (manifest === undefined) throw new Error(`${basename(path)} contains no package.json.`);
  return { path, bytes: statSync(path).size, manifest: JSON.parse(manifest.content.toString()), files };
}
