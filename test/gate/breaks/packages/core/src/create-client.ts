export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): joins the parts of core
export { getProperties } from 'properties-file'; // breaks eslint(no-restricted-imports): joins the parts of core
