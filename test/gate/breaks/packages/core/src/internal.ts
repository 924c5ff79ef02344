export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): internal.ts exports from the files of core
