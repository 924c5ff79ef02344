// @ts-check
import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** Folders with no code that runs, or whose code is itself a test. */
const withoutTests = ['packages/testing/src/scenarios', 'packages/testing/src/contracts'];

/** Room -> its folder. The rooms of core, and each other package. @type {ReadonlyMap<string, string>} */
const folders = new Map([
  ...readdirSync('packages/core/src', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => /** @type {const} */ ([entry.name, join('packages/core/src', entry.name)])),
  ...[
    'redis',
    'databases',
    'cli',
    'alicloud',
    'opentelemetry',
    'push',
    'egg',
    'express',
    'fastify',
    'koa',
    'hono',
    'midway',
    'nestjs',
    'next',
    'testing',
  ].map((name) => /** @type {const} */ ([name, `packages/${name}/src`])),
]);

export const roomNames = [...folders.keys()];

/** @param {string} folder */
const typescriptFiles = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));

/** @param {string} name The sources of a room, without tests and their fixtures. */
export function sourcesOf(name) {
  const folder = folders.get(name);
  if (folder === undefined) throw new Error(`No room "${name}". Rooms: ${roomNames.join(', ')}.`);
  return typescriptFiles(folder)
    .filter((file) => !/\.(?:test|test-d|fixture|d)\.ts$/u.test(file))
    .filter((file) => !withoutTests.some((tests) => file.startsWith(tests + sep)))
    .toSorted();
}

/** @param {string} file */
export function roomOf(file) {
  const path = relative('.', file);
  return [...folders].find(([, folder]) => path.startsWith(folder + sep))?.[0] ?? path;
}

/** @param {string} file The folder that holds the tests of a file: its room. */
export const folderOf = (file) => folders.get(roomOf(file)) ?? '.';

/** @param {string} file All TypeScript files of the package of a file. */
export function packageFiles(file) {
  const [packages = '', name = ''] = relative('.', file).split(sep);
  return typescriptFiles(join(packages, name, 'src'));
}
