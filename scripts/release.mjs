// @ts-check
// `pnpm release --dry-run`: makes the release in a temporary copy of the built working tree, checks it, and prints what would be
// published. `pnpm release` also publishes it, in CI only. See docs/decisions/0049-release.md.
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packAll } from './pack.mjs';
import { contentProblems } from './release/contents.mjs';
import { licenseProblems } from './release/licenses.mjs';
import { lintProblems } from './release/lint.mjs';
import { manifestProblems } from './release/manifest.mjs';
import { releaseNotes } from './release/notes.mjs';
import { publishAll, publishOrder, refusal, shownCommand } from './release/publish.mjs';
import { bomProblems, writeBoms } from './release/sbom.mjs';
import { overBudget, sizesOf } from './release/sizes.mjs';
import { pendingChangesets, stageCopy } from './release/staged-copy.mjs';
import { table } from './release/table.mjs';
import { readTarball } from './release/tarball.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const budgets = JSON.parse(readFileSync(join(root, 'test/package/sizes.json'), 'utf8'));
const { values: options } = parseArgs({
  options: { 'dry-run': { type: 'boolean', default: false }, output: { type: 'string' } },
});

/** @typedef {import('./release/tarball.mjs').Tarball} Tarball */

/**
 * @param {Tarball} tarball
 * @param {string} version
 * @param {import('./release/sbom.mjs').Bom | undefined} bom
 */
async function problemsOf(tarball, version, bom) {
  const { manifest } = tarball;
  return [
    ...manifestProblems({ ...manifest }, basename(manifest.name)),
    ...contentProblems(tarball, { version, folders: [root, work] }),
    ...overBudget(manifest.name, sizesOf(tarball), budgets),
    ...(bom
      ? [...bomProblems(bom, manifest), ...licenseProblems(bom)]
      : [`${manifest.name} has no bill of materials.`]),
    ...(await lintProblems(tarball)),
  ];
}

/** @returns {Promise<string[]>} a sentence about each problem */
async function release() {
  const copy = join(work, 'tree');
  const artifacts = join(work, 'artifacts');
  stageCopy(root, copy);
  const tarballs = publishOrder(
    packAll(artifacts, copy).map(({ tarball }) => readTarball(tarball, join(work, 'unpacked'))),
  );
  const version = tarballs[0]?.manifest.version ?? '';
  const manifests = tarballs.map(({ manifest }) => manifest);
  const boms = writeBoms(copy, artifacts, manifests);
  writeFileSync(join(artifacts, 'NOTES.md'), releaseNotes(version, changelogsIn(copy, manifests)));
  const problems = await Promise.all(tarballs.map((each) => problemsOf(each, version, boms.get(each.manifest.name))));

  console.log(`${table(tarballs, budgets, boms)}\n\nTo publish version ${version}, in this order:`);
  for (const { path } of tarballs) console.log(`  ${shownCommand(path)}`);
  if (options.output !== undefined) cpSync(artifacts, resolve(root, options.output), { recursive: true });
  if (options['dry-run'] || problems.flat().length > 0) return problems.flat();
  return publishAll(tarballs);
}

/**
 * @param {string} copy
 * @param {readonly import('./release/tarball.mjs').Manifest[]} manifests
 */
function changelogsIn(copy, manifests) {
  const file = (/** @type {string} */ name) => join(copy, 'packages', basename(name), 'CHANGELOG.md');
  const written = manifests.filter(({ name }) => existsSync(file(name)));
  return new Map(written.map(({ name }) => [name, readFileSync(file(name), 'utf8')]));
}

const work = mkdtempSync(join(tmpdir(), 'kms-secrets-release-'));
try {
  const refused = options['dry-run'] ? undefined : refusal(process.env, pendingChangesets(root));
  const problems = refused === undefined ? await release() : [refused];
  for (const problem of problems) console.error(`FAIL  ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(options['dry-run'] ? '\nDry run: nothing was published.' : '\nPublished.');
} finally {
  rmSync(work, { recursive: true, force: true });
}
