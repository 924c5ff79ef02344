// @ts-check
// A software bill of materials for each package, CycloneDX 1.6: what an installation of the package brings along.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copiedPackages } from '../copied-packages.mjs';

/**
 * @typedef {{ license?: { id?: string; name?: string }; expression?: string }} License
 * @typedef {{ type: string; name: string; version: string; purl: string; 'bom-ref': string; licenses?: License[] }} Component
 * @typedef {{ ref: string; dependsOn: string[] }} Dependency
 * @typedef {object} Bom
 * @property {{ component: Component }} metadata
 * @property {Component[]} components
 * @property {Dependency[]} dependencies
 */

/**
 * Writes `kms-secrets-<package>.cdx.json` for each package.
 * @param {string} root of the repository or of a copy
 * @param {string} output
 * @param {readonly import('./tarball.mjs').Manifest[]} manifests of the packages
 * @returns {ReadonlyMap<string, Bom>} by package
 */
export function writeBoms(root, output, manifests) {
  mkdirSync(output, { recursive: true });
  const format = ['--sbom-format', 'cyclonedx', '--sbom-spec-version', '1.6'];
  const selection = ['--prod', '--split', '--filter', './packages/*'];
  const options = [...format, ...selection, '--out', join(output, '%s.cdx.json')];
  execFileSync('pnpm', ['sbom', ...options], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  return new Map(
    manifests.map(({ name }) => {
      const file = join(output, `${name.replace('@', '').replace('/', '-')}.cdx.json`);
      const copied = (copiedPackages[name] ?? []).map((each) =>
        componentOf(join(root, 'packages', shortName(name)), each),
      );
      const bom = withCopied(installedOnly(JSON.parse(readFileSync(file, 'utf8')), manifests), copied);
      writeFileSync(file, `${JSON.stringify(bom, undefined, 2)}\n`);
      return [name, bom];
    }),
  );
}

/**
 * Leaves out optional peers of our packages, which pnpm includes when the workspace has them: an application installs them
 * itself, and is then the one that lists them.
 * @param {Bom} bom
 * @param {readonly import('./tarball.mjs').Manifest[]} manifests of our packages
 * @returns {Bom}
 */
export function installedOnly(bom, manifests) {
  const declared = new Map(manifests.map(({ name, dependencies }) => [name, Object.keys(dependencies ?? {})]));
  const edges = bom.dependencies.map(({ ref, dependsOn }) => {
    const names = declared.get(nameOf(ref));
    return { ref, dependsOn: names ? dependsOn.filter((each) => names.includes(nameOf(each))) : dependsOn };
  });
  const root = bom.metadata.component['bom-ref'];
  const reached = new Set([root]);
  for (const ref of reached)
    for (const each of edges.find((edge) => edge.ref === ref)?.dependsOn ?? []) reached.add(each);
  return {
    ...bom,
    components: bom.components.filter((component) => reached.has(component['bom-ref'])),
    dependencies: edges.filter(({ ref }) => reached.has(ref)),
  };
}

/**
 * Adds the packages that the bundle contains.
 * @param {Bom} bom
 * @param {readonly Component[]} copied
 * @returns {Bom}
 */
function withCopied(bom, copied) {
  const root = bom.metadata.component['bom-ref'];
  const refs = copied.map((component) => component['bom-ref']);
  const dependencies = bom.dependencies.map((edge) =>
    edge.ref === root ? { ...edge, dependsOn: [...edge.dependsOn, ...refs] } : edge,
  );
  return { ...bom, components: [...bom.components, ...copied], dependencies };
}

/**
 * @param {string} folder of our package
 * @param {string} name of the copied one
 * @returns {Component}
 */
function componentOf(folder, name) {
  const { version, license } = JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8'));
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return { type: 'library', name, version, purl, 'bom-ref': purl, licenses: [{ license: { id: license } }] };
}

/**
 * Compares a bill with the manifest in the tarball.
 * @param {Bom} bom
 * @param {import('./tarball.mjs').Manifest} manifest
 * @returns {string[]} a sentence about each problem
 */
export function bomProblems(bom, { name, version, dependencies }) {
  const { component } = bom.metadata;
  const listed = new Set([component, ...bom.components].map((each) => each['bom-ref']));
  const direct = bom.dependencies.find(({ ref }) => ref === component['bom-ref'])?.dependsOn ?? [];
  const expected = [...Object.keys(dependencies ?? {}), ...(copiedPackages[name] ?? [])].toSorted();
  const problems = [];
  if (component.purl !== `pkg:npm/${name.replace('@', '%40')}@${version}`)
    problems.push(`it describes ${component.purl}`);
  if (direct.map(nameOf).toSorted().join() !== expected.join()) {
    problems.push(`it lists ${direct.map(nameOf).toSorted().join(', ')} instead of ${expected.join(', ')}`);
  }
  const unlisted = bom.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !listed.has(ref));
  if (unlisted.length > 0) problems.push(`it does not describe ${unlisted.join(', ')}`);
  return problems.map((problem) => `Bill of materials of ${name}: ${problem}.`);
}

/** The name in a package URL. @param {string} purl */
function nameOf(purl) {
  return decodeURIComponent(purl.slice('pkg:npm/'.length, purl.lastIndexOf('@')));
}

/** @param {string} name */
function shortName(name) {
  return name.slice(name.indexOf('/') + 1);
}
