// @ts-check
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Application } from 'typedoc';

const root = resolve(import.meta.dirname, '../../..');
const output = join(root, 'docs/api');

/**
 * The entry points of the published packages: the built declarations, because they are what users import and what the
 * compiler reads fastest.
 * @returns {Map<string, string>} the path of the declarations, and the name that users import
 */
function entryPoints() {
  const entries = new Map();
  for (const folder of readdirSync(join(root, 'packages'))) {
    const { name, publishConfig } = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));
    for (const [path, { default: target }] of Object.entries(publishConfig?.exports ?? {})) {
      if (target?.types !== undefined) entries.set(join('packages', folder, target.types), join(name, path));
    }
  }
  return entries;
}

/** TypeDoc names a module by its path: `express/dist`, `nestjs/dist/terminus`. @param {string} path */
const moduleNameOf = (path) => path.replace(/^packages\//u, '').replace(/(?:\/index)?\.d\.ts$/u, '');

/** Writes a page for each entry point to docs/api. */
export async function generateApi() {
  const entries = entryPoints();
  /** @type {Partial<import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions>} */
  const options = {
    entryPoints: [...entries.keys()].map((path) => join(root, path)),
    tsconfig: join(root, 'docs/.vitepress/generate/tsconfig.json'),
    plugin: ['typedoc-plugin-markdown'],
    out: output,
    logLevel: 'Error',
    readme: 'none',
    disableSources: true,
    skipErrorChecking: true, // the build checks the declarations
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeProtected: true,
    outputFileStrategy: 'modules',
    flattenOutputFiles: true,
    entryFileName: 'index',
    excludeScopesInPaths: true,
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    useHTMLAnchors: true, // VitePress numbers equal headings in another order
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    typeDeclarationFormat: 'table',
  };
  const app = await Application.bootstrapWithPlugins(options);
  const project = await app.convert();
  if (project === undefined) throw new Error('TypeDoc could not read the declarations. Build the packages first.');
  const names = new Map([...entries].map(([path, name]) => [moduleNameOf(path), name]));
  for (const module of project.children ?? []) {
    const name = names.get(module.name);
    if (name === undefined) throw new Error(`${module.name} is not an entry point of a package.`);
    module.name = name;
  }
  project.name = 'API reference';
  rmSync(output, { recursive: true, force: true });
  await app.generateOutputs(project);
}
