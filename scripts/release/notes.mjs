// @ts-check
// The text of a release: what the changelogs of the packages say about its version.

/**
 * @param {string} version
 * @param {ReadonlyMap<string, string>} changelogs by package
 */
export function releaseNotes(version, changelogs) {
  /** @type {Map<string, string[]>} packages by their text: most changes concern one package, some concern all of them */
  const packages = new Map();
  for (const [name, changelog] of changelogs) {
    const text = entryOf(version, changelog);
    if (text !== '') packages.set(text, [...(packages.get(text) ?? []), name]);
  }
  const title = (/** @type {string[]} */ names) =>
    names.length === changelogs.size ? 'All packages' : names.join(', ');
  return [...packages].map(([text, names]) => `## ${title(names)}\n\n${text}\n`).join('\n');
}

/**
 * @param {string} version
 * @param {string} changelog
 */
function entryOf(version, changelog) {
  const start = changelog.indexOf(`\n## ${version}\n`);
  if (start === -1) return '';
  const [, entry = ''] = changelog.slice(start).split(/^## .*$/mu);
  // That the other packages have the same version says nothing.
  return entry
    .replace(/^- Updated dependencies.*\n(?: {2}.*\n?)*/gmu, '')
    .replace(/^### .*\n\s*(?=###|$(?![\s\S]))/gmu, '')
    .trim();
}
