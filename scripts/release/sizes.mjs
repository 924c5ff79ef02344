// @ts-check
// Sizes of packages, and the budgets in test/package/sizes.json. Documents have no budget: npm packs every README, CHANGELOG and
// LICENSE, and a longer text costs no time.
import { gzipSync } from 'node:zlib';

/** Files that npm packs whatever `files` in the manifest says, in any language. */
const document = /^(?:README|CHANGELOG|LICENSE)(?:\.|$)/u;

/**
 * @typedef {object} Sizes in kB (1,000 bytes)
 * @property {number} code all files but the documents, unpacked
 * @property {number} compressed the same files as one gzip stream
 * @property {number} [firstFile] dist/core.js, which every process loads
 */

/**
 * @param {Pick<import('./tarball.mjs').Tarball, 'files'>} tarball
 * @returns {Required<Sizes> & { documents: number }}
 */
export function sizesOf({ files }) {
  const code = files.filter(({ path }) => !document.test(path)).map(({ content }) => content);
  const documents = files.filter(({ path }) => document.test(path)).map(({ content }) => content);
  const first = files.find(({ path }) => path === 'dist/core.js');
  return {
    code: kilobytes(Buffer.concat(code).byteLength),
    compressed: kilobytes(gzipSync(Buffer.concat(code)).byteLength),
    firstFile: kilobytes(first?.content.byteLength ?? 0),
    documents: kilobytes(Buffer.concat(documents).byteLength),
  };
}

/**
 * Sentences about each size above its budget.
 * @param {string} name of the package
 * @param {Sizes} sizes
 * @param {Readonly<Record<string, Sizes>>} budgets
 */
export function overBudget(name, sizes, budgets) {
  const budget = budgets[name];
  if (budget === undefined) {
    const { code, compressed } = newBudget(sizes);
    return [
      `${name} has no budget. Add to test/package/sizes.json: "${name}": ${JSON.stringify({ code, compressed })}`,
    ];
  }
  return Object.entries(budget).flatMap(([part, limit]) => {
    const size = sizes[/** @type {keyof Sizes} */ (part)] ?? 0;
    return size > limit
      ? [`${part} of ${name} has ${size} kB, the budget in test/package/sizes.json is ${limit} kB.`]
      : [];
  });
}

/**
 * The size with 3 % for the fixes of a few weeks.
 * @param {Sizes} sizes
 * @returns {Sizes}
 */
function newBudget({ code, compressed }) {
  return { code: Math.ceil(code * 1.03), compressed: Math.ceil(compressed * 1.03) };
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return Math.round(bytes / 100) / 10;
}
