// @ts-check
import { parseArgs } from 'node:util';

/**
 * Parses the options of a command: numbers and strings. Each number has a default and a maximum, so that every load ends. An
 * invalid value ends the process with a message.
 * @template {string} Name
 * @template {string} Text
 * @param {Readonly<Record<Name, { default: number; max: number }>>} numbers
 * @param {readonly Text[]} [texts] names of options that are strings
 * @returns {Record<Name, number> & Partial<Record<Text, string>>}
 */
export function commandLine(numbers, texts = []) {
  const names = [...Object.keys(numbers), ...texts];
  const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) });
  const given = /** @type {Record<string, string | undefined>} */ (values); // all options are declared as strings above
  /** @type {Record<string, string | number | undefined>} */
  const result = Object.fromEntries(Object.entries(given).filter(([name]) => !(name in numbers)));
  for (const [name, { default: defaultValue, max }] of Object.entries(numbers)) {
    const number = Number(given[name] ?? defaultValue);
    if (!(number > 0 && number <= max)) {
      console.error(`--${name}: expected a number above 0, up to ${max}, got "${given[name]}".`);
      process.exit(2);
    }
    result[name] = number;
  }
  return /** @type {Record<Name, number> & Partial<Record<Text, string>>} */ (result); // filled name by name
}
