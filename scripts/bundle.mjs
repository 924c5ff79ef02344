// @ts-check
// Runs in the directory of a published package. Writes its JavaScript: one file per entry point, and one per part that is loaded by
// `import()`; see docs/decisions/0022-bundling.md. scripts/bundle-types.mjs writes the types.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import { copiedPackages } from './copied-packages.mjs';
import { minify } from './minify.mjs';

/**
 * Groups of files. Without groups, rolldown would write one more file for each set of modules that two parts share, and each file
 * costs about 0.8 ms of CPU at startup, whatever its size.
 * @type {Readonly<Record<string, import('rolldown').CodeSplittingGroup[]>>}
 */
const parts = {
  '@kms-secrets/core': [
    { name: 'core', tags: ['$initial'], priority: 1 },
    { name: 'transports', test: /src.(?:network|transports)(?!.openapi.list-secrets)/u },
    { name: 'stores', test: /src.(?:file-store|seal)/u },
  ],
  // What `get` loads is one file: its start is what people wait for.
  '@kms-secrets/cli': [
    { name: 'main', test: /src.(?!kms-secrets|compile-cache|store|exec|doctor|commands.(?!get))/u, priority: 1 },
    { name: 'doctor', test: /src.doctor/u },
  ],
};

/** Packages whose size matters for the start of a process. The others have at most 40 kB, and stay readable. */
const minifiedPackages = ['@kms-secrets/core'];

/** The helper of rolldown for namespaces, which it puts into a file of its own. */
const runtimeFile = 'rolldown-runtime.js';

/** @type {{ name: string; version: string; exports: Record<string, unknown>; bin?: object; dependencies?: object; peerDependencies?: object }} */
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const copied = copiedPackages[manifest.name] ?? [];
const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });

// Otherwise files of the last build whose names have changed would be published too.
rmSync('dist', { recursive: true, force: true });
// Files for other runtimes are bundled separately, so that they share no file with the entry points.
const entryPoints = filesIn([Object.values(manifest.exports).map(defaultOf), manifest.bin]);
await bundle(entryPoints, parts[manifest.name]);
for (const file of filesIn(manifest.exports)) if (!entryPoints.includes(file)) await bundle([file]);

/** The target of the condition `default`. @param {unknown} entry of `exports` */
function defaultOf(entry) {
  return typeof entry === 'object' && entry !== null && 'default' in entry ? entry.default : undefined;
}

/**
 * The names of the built files in a part of the manifest.
 * @param {unknown} value
 */
function filesIn(value) {
  return [...new Set(JSON.stringify(value).match(/(?<="\.\/dist\/)[^"]+(?=\.js")/gu))];
}

/**
 * @param {string[]} files
 * @param {import('rolldown').CodeSplittingGroup[]} [groups]
 */
async function bundle(files, groups = []) {
  const built = await rolldown({
    input: Object.fromEntries(files.map((name) => [name, `src/${name}.ts`])),
    // Imports that stay: builtin modules, packages that the manifest declares, and the message of a refused build.
    external: (id) =>
      isBuiltin(id) ||
      id.startsWith(`${manifest.name} `) ||
      declared.some((name) => id === name || id.startsWith(`${name}/`)),
    platform: 'node',
    tsconfig: 'tsconfig.json',
    transform: { target: 'es2023', define: { KMS_SECRETS_VERSION: JSON.stringify(manifest.version) } },
    // Modules without used exports are removed, as `sideEffects: false` in the manifest allows.
    treeshake: { moduleSideEffects: false },
  });
  const { output } = await built.generate({
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    codeSplitting: { groups },
    comments: false, // the declarations have them, where editors show them
  });
  await built.close();
  const chunks = output.filter((file) => file.type === 'chunk');
  const runtime = chunks.find(({ fileName }) => fileName === runtimeFile);
  for (const chunk of chunks) if (chunk !== runtime) write(chunk, withRuntime(chunk.code, runtime?.code));
  const sources = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  const undeclared = sources.filter(
    (id) => /^\.\.|node_modules/u.test(relative('.', id)) && !copied.some((name) => isFrom(name)(id)),
  );
  // Otherwise the bundle would contain a copy of a package that no dependency update reaches.
  if (undeclared.length > 0)
    throw new Error(
      `Declare the packages of these files in the manifest of ${manifest.name}: ${undeclared.join(', ')}.`,
    );
}

/**
 * Copies the helper into the file that uses it: it has 0.2 kB.
 * @param {string} code
 * @param {string} [runtime]
 */
function withRuntime(code, runtime = '') {
  const [, name, alias] = /^export \{ (\w+) as (\w+) \};$/mu.exec(runtime) ?? [];
  const helper = runtime.replace(/^export .*\n?/mu, '');
  return code.replace(`import { ${alias} as ${name} } from "./${runtimeFile}";\n`, () => helper);
}

/** @param {import('rolldown').OutputChunk} chunk @param {string} code */
function write({ fileName, moduleIds }, code) {
  const licenses = copied.filter((name) => moduleIds.some(isFrom(name))).map(licenseOf);
  const path = join('dist', fileName);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, (minifiedPackages.includes(manifest.name) ? minify(fileName, code) : code) + licenses.join(''));
}

/** @param {string} name */
function isFrom(name) {
  /** @param {string} id */
  return (id) => id.replaceAll('\\', '/').includes(`/node_modules/${name}/`);
}

/** @param {string} name */
function licenseOf(name) {
  const folder = join('node_modules', name);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  // `!` keeps the comment through the minifiers of users.
  return `/*!\n${name} ${version}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}\n*/\n`;
}
