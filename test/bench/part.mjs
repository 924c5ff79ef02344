// @ts-check
import { rolldown } from 'rolldown';
import { fileURLToPath } from 'node:url';

/**
 * A file inside a package, with what it imports, as it is built. Programs use a package by its door, and so does all else
 * here; but the price of one part (a signature, one pending refresh) cannot be seen through the door.
 * @param {string} name of the package
 * @param {string} file below `src`; it may import Node's own modules and nothing else
 * @returns {Promise<any>}
 */
export async function partOf(name, file) {
  const input = fileURLToPath(new URL(`./src/${file}`, import.meta.resolve(`${name}/package.json`)));
  const bundle = await rolldown({ input, platform: 'node' });
  const {
    output: [{ code }],
  } = await bundle.generate({ format: 'esm' });
  await bundle.close();
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}
