// @ts-check
// In the directory of a package that is published: writes its JavaScript, one file for each of its doors and one for each part
// that is loaded late, by `import()`. Why: docs/decisions/0022-bundling.md. The types beside it are written by `tsc -b`.
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * Which files go together. Without it, each that two parts share would be one more to load, and a file costs a start about
 * 0.8 ms of CPU, whatever its length.
 * @type {Readonly<Record<string, import('rolldown').CodeSplittingGroup[]>>}
 */
const parts = {
  '@kms-secrets/core': [
    { name: 'core', tags: ['$initial'], priority: 1 },
    { name: 'https', test: /src.(?:network|transports.https)/u },
  ],
};

/**
 * Packages that are copied into the bundle instead of being dependencies: small ones that every start with a configuration file
 * would load from files of their own (4 to 9 ms). Their license is appended to the file that contains them.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const copiedPackages = { '@kms-secrets/core': ['properties-file'] };

/** @type {{ name: string; exports: Record<string, unknown>; bin?: object; dependencies?: object; peerDependencies?: object }} */
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const copied = copiedPackages[manifest.name] ?? [];
const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });

// Else what had another name in the last build would be published too.
for (const file of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
  if (file.endsWith('.js')) rmSync(join('dist', file));
}
// What bundlers for other runtimes are given instead shares nothing with the doors, least of all a file.
const doors = filesIn([Object.values(manifest.exports).map(defaultOf), manifest.bin]);
await bundle(doors, parts[manifest.name]);
for (const file of filesIn(manifest.exports)) if (!doors.includes(file)) await bundle([file]);

/** @param {unknown} door */
function defaultOf(door) {
  return typeof door === 'object' && door !== null && 'default' in door ? door.default : undefined;
}

/**
 * The built files that stand somewhere in a piece of the manifest, by their names.
 * @param {unknown} piece
 */
function filesIn(piece) {
  return [...new Set(JSON.stringify(piece).match(/(?<="\.\/dist\/)[^"]+(?=\.js")/gu))];
}

/**
 * @param {string[]} files
 * @param {import('rolldown').CodeSplittingGroup[]} [groups]
 */
async function bundle(files, groups = []) {
  const built = await rolldown({
    input: Object.fromEntries(files.map((name) => [name, `src/${name}.ts`])),
    // What stays an import: Node's own, and packages that come along with this one or are there already.
    external: (id) => isBuiltin(id) || declared.some((name) => id === name || id.startsWith(`${name}/`)),
    platform: 'node',
    tsconfig: 'tsconfig.json',
    transform: { target: 'es2023' },
    // A file of whose names none is used can be left out: what `sideEffects: false` in the manifest says to others.
    treeshake: { moduleSideEffects: false },
  });
  const { output } = await built.write({
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    codeSplitting: { groups },
    footer: ({ moduleIds }) =>
      copied
        .filter((name) => moduleIds.some(isFrom(name)))
        .map(licenseOf)
        .join(''),
    comments: false, // they stand in the declarations, where editors show them
  });
  await built.close();
  const sources = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  const strangers = sources.filter(
    (id) => /^\.\.|node_modules/u.test(relative('.', id)) && !copied.some((name) => isFrom(name)(id)),
  );
  // A package that the manifest does not declare would be copied in, and be nobody's to update.
  if (strangers.length > 0)
    throw new Error(`To be declared in the manifest of ${manifest.name}: ${strangers.join(', ')}.`);
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
