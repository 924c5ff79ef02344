// @ts-check
// Publishing the tarballs.
import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';

/**
 * The tarballs with dependencies before dependents, so that no published package depends on one that is still missing.
 * @template {{ manifest: import('./tarball.mjs').Manifest }} Packed
 * @param {readonly Packed[]} tarballs
 * @returns {Packed[]}
 */
export function publishOrder(tarballs) {
  /** @type {Packed[]} */
  const ordered = [];
  const waiting = new Set(tarballs.toSorted((left, right) => (left.manifest.name < right.manifest.name ? -1 : 1)));
  while (waiting.size > 0) {
    const names = new Set([...waiting].map(({ manifest }) => manifest.name));
    const ready = [...waiting].filter(
      ({ manifest }) =>
        !Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).some((name) => names.has(name)),
    );
    if (ready.length === 0) throw new Error(`These packages depend on each other: ${[...names].join(', ')}.`);
    for (const each of ready) waiting.delete(each);
    ordered.push(...ready);
  }
  return ordered;
}

/**
 * npm publishes the tarball that was checked; pnpm and changesets would pack again.
 * @param {string} tarball
 */
function publishCommand(tarball) {
  return ['npm', 'publish', tarball, '--access', 'public', '--provenance'];
}

/**
 * Why this process must not publish.
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly string[]} changesets that are not applied
 * @returns {string | undefined}
 */
export function refusal(env, changesets) {
  if (env['GITHUB_ACTIONS'] !== 'true' || env['ACTIONS_ID_TOKEN_REQUEST_URL'] === undefined) {
    return (
      'Packages are published only by .github/workflows/publish.yml, which proves where they were built. ' +
      'Run `pnpm release --dry-run` here. To release, merge the pull request "Version packages".'
    );
  }
  if (changesets.length === 0) return undefined;
  return `Not published: ${changesets.join(', ')} in .changeset/ must be applied first. Merge the pull request "Version packages".`;
}

/** @param {string} tarball */
export function shownCommand(tarball) {
  return publishCommand(basename(tarball)).join(' ');
}

/**
 * Publishes what the registry does not have yet, so that a failed run can be repeated.
 * @param {readonly import('./tarball.mjs').Tarball[]} tarballs in their order
 * @param {(command: readonly string[]) => boolean} [run] returns whether the command succeeded
 * @returns {string[]} why it stopped
 */
export function publishAll(tarballs, run = runVisibly) {
  for (const { path, manifest } of tarballs) {
    const id = `${manifest.name}@${manifest.version}`;
    if (run(['npm', 'view', id, 'version'])) console.log(`${id} is published already.`);
    else if (!run(publishCommand(path))) return [`${id} was not published, nor were the packages after it.`];
  }
  return [];
}

/** @param {readonly string[]} command */
function runVisibly([command = '', ...args]) {
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
}
