// @ts-check
// The release is made in a copy of the built working tree, so that a dry run changes no file of it.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { applyChangesets } from '../version.mjs';

/** What the packages are built from. Tests that run beside this write into other folders. */
const parts = ['.changeset', 'package.json', 'packages', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'scripts'];
const documents = /^(?:LICENSE|README\S*\.md|tsconfig\.base\.json)$/u;
const caches = /(?:^|\/)(?:\.turbo|\.cache|\.vite|\.vite-temp|coverage)$/u;

/**
 * The names of the changesets that no release contains yet.
 * @param {string} root of the repository
 */
export function pendingChangesets(root) {
  return readdirSync(join(root, '.changeset')).filter((file) => file.endsWith('.md') && file !== 'README.md');
}

/**
 * Copies the tree, applies the changesets, and builds what contains the version.
 * @param {string} root with built packages
 * @param {string} copy a folder that does not exist
 */
export function stageCopy(root, copy) {
  for (const part of [...parts, ...readdirSync(root).filter((file) => documents.test(file))]) {
    cpSync(join(root, part), join(copy, part), {
      recursive: true,
      verbatimSymlinks: true, // links of packages/*/node_modules then lead to the copied packages
      filter: (source) => !caches.test(relative(root, source).replaceAll('\\', '/')),
    });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  if (pendingChangesets(copy).length === 0) return;
  applyChangesets(copy);
  for (const folder of packagesWithVersion(copy)) build(folder);
}

/**
 * The folders whose build depends on the version: scripts/bundle.mjs replaces this name. The other builds stay as they are.
 * @param {string} copy
 */
function packagesWithVersion(copy) {
  return readdirSync(join(copy, 'packages'))
    .map((name) => join(copy, 'packages', name))
    .filter((folder) =>
      readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' }).some(
        (file) =>
          file.endsWith('.ts') && readFileSync(join(folder, 'src', file), 'utf8').includes('KMS_SECRETS_VERSION'),
      ),
    );
}

/** @param {string} folder */
function build(folder) {
  /** @type {{ scripts: { build: string } }} */
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  // Not `tsc -b`: the declarations were copied, and do not depend on the version.
  for (const [, script] of scripts.build.matchAll(/node (\S+\.mjs)/gu)) {
    execFileSync(process.execPath, [/** @type {string} */ (script)], { cwd: folder });
  }
}
