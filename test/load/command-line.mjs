// @ts-check
import { parseArgs } from 'node:util';

/**
 * What a command may be told: numbers, each with the most it may be, because a load that does not end by itself is no
 * measurement; and texts. What makes no sense ends the process with a sentence.
 * @template {string} Name
 * @template {string} Text
 * @param {Readonly<Record<Name, { usual: number; most: number }>>} numbers
 * @param {readonly Text[]} [texts]
 * @returns {Record<Name, number> & Partial<Record<Text, string>>}
 */
export function commandLine(numbers, texts = []) {
  const names = [...Object.keys(numbers), ...texts];
  const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) });
  const told = /** @type {Record<string, string | undefined>} */ (values); // each of them is declared a text above
  const found = Object.entries(told).filter(([name]) => !(name in numbers));
  /** @type {Record<string, string | number | undefined>} */
  const result = Object.fromEntries(found);
  for (const [name, { usual, most }] of Object.entries(numbers)) {
    const number = Number(told[name] ?? usual);
    if (!(number > 0 && number <= most)) {
      console.error(`--${name} takes a number above 0, up to ${most}; not "${told[name]}".`);
      process.exit(2);
    }
    result[name] = number;
  }
  return /** @type {Record<Name, number> & Partial<Record<Text, string>>} */ (result); // filled name by name
}
