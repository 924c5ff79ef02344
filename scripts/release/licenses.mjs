// @ts-check
// Licenses of what an installation brings along. All of them allow use in closed programs, and ask at most for a notice.
const allowed = new Set(['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT']);

/**
 * @param {Pick<import('./sbom.mjs').Bom, 'components'>} bom
 * @returns {string[]} a sentence about each dependency with another license
 */
export function licenseProblems({ components }) {
  return components
    .map(({ purl, licenses = [] }) => ({
      purl,
      names: licenses.map(({ license, expression }) => expression ?? license?.id ?? license?.name ?? 'unknown'),
    }))
    .filter(({ names }) => names.length === 0 || !names.every((name) => allowed.has(name)))
    .map(
      ({ purl, names }) =>
        `The license of ${purl} is ${names.join(', ') || 'not declared'}; scripts/release/licenses.mjs allows ${[...allowed].join(', ')}.`,
    );
}
