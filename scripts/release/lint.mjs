// @ts-check
// publint and attw in their strictest settings; see docs/decisions/0001-check-tools.md. In this process: 24 processes took five times
// the CPU time.
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { readFileSync } from 'node:fs';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

/**
 * @param {import('./tarball.mjs').Tarball} tarball
 * @returns {Promise<string[]>} a sentence about each problem
 */
export async function lintProblems({ path, manifest }) {
  const data = new Uint8Array(readFileSync(path));
  const { messages } = await publint({ pack: { tarball: data.buffer }, strict: true });
  // The internal entry of core has no declarations: packages of this repository compile against the sources.
  const analysis = await checkPackage(createPackageFromTarballData(data), { excludeEntrypoints: ['internal'] });
  const ofTypes = analysis.types ? analysis.problems.map((problem) => JSON.stringify(problem)) : untyped(manifest);
  return [
    ...messages.map((message) => `publint, ${manifest.name}: ${formatMessage(message, manifest, { color: false })}`),
    ...ofTypes.map((problem) => `attw, ${manifest.name}: ${problem}`),
  ];
}

/**
 * attw accepts a package without types, such as a command.
 * @param {object} manifest
 */
function untyped(manifest) {
  return 'types' in manifest ? ['the manifest names types, but the package has none.'] : [];
}
