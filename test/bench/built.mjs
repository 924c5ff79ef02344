// @ts-check

/**
 * A file inside a built package. Programs use a package by its door, and so does all else here; but the price of one part (a
 * signature, one pending refresh) cannot be seen through the door, and the bench must measure the part that is shipped.
 * @param {string} name of the package
 * @param {string} file below `dist`
 * @returns {Promise<any>}
 */
export function builtFile(name, file) {
  return import(new URL(`./dist/${file}`, import.meta.resolve(`${name}/package.json`)).href);
}
