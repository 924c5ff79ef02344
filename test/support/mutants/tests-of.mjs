// @ts-check
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { folderOf, packageFiles } from './rooms.mjs';

/** File -> the files of its package that import it by a relative path. @type {Map<string, Set<string>>} */
const importersOf = new Map();
/** @type {Set<string>} */
const readPackages = new Set();

const importPattern = /(?:from|import)\s*\(?\s*'(?<path>\.[^']+)'/gu;
const isTest = (/** @type {string} */ file) => file.endsWith('.test.ts');

/** @param {string} file */
const packageTests = (file) =>
  packageFiles(file)
    .map((path) => resolve(path))
    .filter(isTest);

/** @param {string} file */
function readImports(file) {
  const files = packageFiles(file).map((path) => resolve(path));
  if (readPackages.has(files.join())) return;
  readPackages.add(files.join());
  for (const importer of files)
    for (const { groups } of readFileSync(importer, 'utf8').matchAll(importPattern)) {
      const imported = resolve(dirname(importer), (groups?.['path'] ?? '').replace(/\.js$/u, '.ts'));
      importersOf.set(imported, (importersOf.get(imported) ?? new Set()).add(importer));
    }
}

/** @param {string} file The test files that reach a file by relative imports, the nearest first. */
function reachingTests(file) {
  readImports(file);
  const found = new Set([resolve(file)]);
  for (const path of found) for (const importer of importersOf.get(path) ?? []) found.add(importer);
  return [...found].filter(isTest);
}

/** @param {string} file The tests that import a file or are named after it. */
export function directTests(file) {
  readImports(file);
  const stem = `${basename(file, '.ts')}.`;
  const direct = [...(importersOf.get(resolve(file)) ?? [])].filter(isTest);
  const named = packageTests(file).filter(
    (test) => dirname(test) === dirname(resolve(file)) && basename(test).startsWith(stem),
  );
  return [...new Set([...named, ...direct])];
}

/** @param {string} file The other tests of its room. */
export function roomTests(file) {
  const direct = new Set(directTests(file));
  const folder = `${resolve(folderOf(file))}/`;
  return packageTests(file).filter((test) => test.startsWith(folder) && !direct.has(test));
}

/** @param {string} file The other tests of the package that reach a file by relative imports. */
export function farTests(file) {
  const near = new Set([...directTests(file), ...roomTests(file)]);
  return reachingTests(file).filter((test) => !near.has(test));
}
