// @ts-check
// What the manifest of each published package must say. The test reads the sources, the release reads the tarballs.
const repository = 'https://github.com/kms-secrets/kms-secrets';

/**
 * @param {Record<string, unknown>} manifest
 * @param {string} folder in packages/
 * @returns {string[]} a sentence about each problem
 */
export function manifestProblems(manifest, folder) {
  const { keywords, engines, publishConfig, description } =
    /** @type {{ keywords?: string[]; engines?: { node?: string }; publishConfig?: object; description?: string }} */ (
      manifest
    );
  const expected = {
    name: `@kms-secrets/${folder}`,
    license: 'Apache-2.0',
    author: 'The kms-secrets maintainers',
    homepage: `${repository}/tree/main/packages/${folder}#readme`,
    bugs: { url: `${repository}/issues` },
    // npm compares it with the repository of the workflow before it accepts provenance.
    repository: { type: 'git', url: `git+${repository}.git`, directory: `packages/${folder}` },
  };
  const wrong = Object.entries(expected)
    .filter(([field, value]) => JSON.stringify(manifest[field]) !== JSON.stringify(value))
    .map(([field, value]) => `${field} must be ${JSON.stringify(value)}, but is ${JSON.stringify(manifest[field])}`);
  for (const [field, value] of Object.entries({ access: 'public', provenance: true })) {
    const actual = /** @type {Record<string, unknown>} */ (publishConfig ?? {})[field];
    if (actual !== value) wrong.push(`publishConfig.${field} must be ${JSON.stringify(value)}`);
  }
  if (!keywords?.includes('kms') || !keywords.includes('alibaba-cloud')) {
    wrong.push('keywords must contain "alibaba-cloud" and "kms"');
  }
  if (engines?.node === undefined) wrong.push('engines.node is missing');
  if (description === undefined) wrong.push('description is missing');
  if (manifest['private'] !== undefined) wrong.push('private must not be set');
  return wrong.map((problem) => `package.json of ${folder}: ${problem}.`);
}
