// @ts-check
// What a tarball must and must not contain.

/** Files that a package contains without naming them in `files` of its manifest. */
const always = /^(?:package\.json|LICENSE|CHANGELOG\.md|README(?:\.[\w-]+)?\.md)$/u;
const never = /\.test\.|\.fixture\.|\.tsbuildinfo$|\.map$|(?:^|\/)(?:src|node_modules)\//u;

/**
 * @param {Pick<import('./tarball.mjs').Tarball, 'manifest' | 'files'>} tarball
 * @param {object} release
 * @param {string} release.version of all packages
 * @param {readonly string[]} release.folders that no file may mention
 * @returns {string[]} a sentence about each problem
 */
export function contentProblems({ manifest, files }, { version, folders }) {
  const paths = files.map(({ path }) => path);
  const listed = /** @type {{ files?: string[] }} */ (manifest).files ?? [];
  const problems = [
    ...['README.md', 'LICENSE'].filter((path) => !paths.includes(path)).map((path) => `${path} is missing`),
    ...paths
      .filter((path) => never.test(path) || !(always.test(path) || listed.some((each) => isIn(path, each))))
      .map((path) => `${path} must not be published`),
    ...files
      .filter(({ content }) => folders.some((folder) => content.includes(folder)))
      .map(({ path }) => `${path} contains a path of the machine that built it`),
    ...dependencyProblems(manifest, version),
  ];
  if (manifest.version !== version) problems.push(`its version is ${manifest.version} instead of ${version}`);
  return problems.map((problem) => `${manifest.name}: ${problem}.`);
}

/**
 * @param {string} path
 * @param {string} listed in `files` of the manifest
 */
function isIn(path, listed) {
  return path === listed || path.startsWith(`${listed}/`);
}

/**
 * @param {import('./tarball.mjs').Manifest} manifest
 * @param {string} version
 */
function dependencyProblems({ dependencies, peerDependencies }, version) {
  return Object.entries({ ...dependencies, ...peerDependencies }).flatMap(([name, range]) => {
    if (/^(?:workspace|catalog|file|link):/u.test(range)) return [`the range of ${name} is ${range}`];
    if (!name.startsWith('@kms-secrets/') || range === `^${version}`) return [];
    return [`the range of ${name} is ${range} instead of ^${version}`];
  });
}
