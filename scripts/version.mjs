// @ts-check
// `pnpm version-packages`: applies the changesets to the manifests and changelogs of the working tree; scripts/release.mjs does it in a copy.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * `changeset version`, without its rule that a new minor version of a peer is a major version of the dependent: with
 * `workspace:^` between packages of one fixed group, it would make every minor version before 1.0 a 1.0.0.
 * @param {string} root of the repository or of a copy
 */
export function applyChangesets(root) {
  const manifests = readdirSync(join(root, 'packages'))
    .map((name) => join(root, 'packages', name, 'package.json'))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
  try {
    for (const { path, text } of manifests) writeFileSync(path, withoutOwnPeers(text));
    const changeset = join(repository, 'node_modules/@changesets/cli/bin.js');
    execFileSync(process.execPath, [changeset, 'version'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  } finally {
    // Only the version may differ: the dependencies on each other are `workspace:`.
    for (const { path, text } of manifests) writeFileSync(path, withVersionOf(text, readFileSync(path, 'utf8')));
  }
}

/** @param {string} text of a manifest */
function withoutOwnPeers(text) {
  const manifest = JSON.parse(text);
  for (const name of Object.keys(manifest.peerDependencies ?? {})) {
    if (name.startsWith('@kms-secrets/')) delete manifest.peerDependencies[name];
  }
  return JSON.stringify(manifest);
}

/**
 * @param {string} text of a manifest
 * @param {string} versioned
 */
function withVersionOf(text, versioned) {
  return text.replace(/^( {2}"version": )"[^"]*"/mu, `$1${JSON.stringify(JSON.parse(versioned).version)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) applyChangesets(repository);
