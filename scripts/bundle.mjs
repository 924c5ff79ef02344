// @ts-check
// In the directory of a package that is published: writes its JavaScript, one file for each of its doors, and one more for
// whatever it loads late by `import()`. Why: docs/decisions/0022-one-file-a-package.md. The types beside it are written by `tsc -b`.
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, join, relative, sep } from 'node:path';
import { rolldown } from 'rolldown';

/** @type {{ exports: object; bin?: object; dependencies?: object; peerDependencies?: object }} */
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });

/** What stays an import: Node's own, and packages that come along with this one or are there already. @param {string} id */
const isForeign = (id) => isBuiltin(id) || declared.some((name) => id === name || id.startsWith(`${name}/`));

/** Every file that somebody may ask for by the manifest, doors for other runtimes and commands too: by its name, where its source is. */
const files = [manifest.exports, manifest.bin].flatMap(
  (part) => JSON.stringify(part ?? {}).match(/(?<=\.\/dist\/)[^"]+(?=\.js")/gu) ?? [],
);
const input = Object.fromEntries(files.map((name) => [name, `src/${name}.ts`]));

// Else what had another name in the last build would be published too.
for (const file of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
  if (file.endsWith('.js')) rmSync(join('dist', file));
}
const bundle = await rolldown({
  input,
  external: isForeign,
  platform: 'node',
  tsconfig: 'tsconfig.json',
  transform: { target: 'es2023' },
  // Every file can be left out whose names nobody imports: `sideEffects: false` of the manifest, for our own files too.
  treeshake: { moduleSideEffects: false },
});
const { output } = await bundle.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
  comments: false, // they stand in the declarations, where editors show them
});
for (const file of output) {
  if (file.type !== 'chunk') continue;
  const strangers = file.moduleIds
    .map((id) => relative('.', id))
    .filter((id) => id.startsWith('..') || id.includes(`node_modules${sep}`));
  // A package that the manifest does not declare would be copied in, and be nobody's to update.
  if (strangers.length > 0)
    throw new Error(`${basename(file.fileName)} holds ${strangers.join(', ')}: declare the package.`);
}
await bundle.close();
