// @ts-check
import { rolldown } from 'rolldown';
import { fileURLToPath } from 'node:url';

/**
 * Bundles and imports an internal file of a package, with its imports. Everything else here uses the public API, but the cost of
 * one part (a signature, one scheduled refresh) cannot be measured through it.
 * @param {string} name of the package
 * @param {string} file path below `src`; besides files of the package it may import only builtin modules
 * @returns {Promise<any>}
 */
export async function importInternal(name, file) {
  const input = fileURLToPath(new URL(`./src/${file}`, import.meta.resolve(`${name}/package.json`)));
  const bundle = await rolldown({ input, platform: 'node' });
  const {
    output: [{ code }],
  } = await bundle.generate({ format: 'esm' });
  await bundle.close();
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}
