// @ts-check
// Writes the defaults that a document quotes after the name of an option, such as `deadline` (10 s) or (`deadline`, 10 s).
import { readFileSync } from 'node:fs';
import { optionTable } from '../packages/core/src/options/option-table.ts';

/** Units of a duration from the largest, as documents write them: 24 h, not 1 d. @type {ReadonlyArray<readonly [string, number]>} */
const units = [
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/**
 * @param {number} value
 * @param {string} expected
 */
function display(value, expected) {
  if (expected.startsWith('a whole number')) return value.toLocaleString('en-US');
  if (expected.startsWith('a number above 0')) return `${value * 100}%`;
  const [unit, size] = units.find(([, length]) => value >= length && value % length === 0) ?? ['ms', 1];
  return `${value / size} ${unit}`;
}

/** The defaults of the options that are numbers, by the path of the option. @type {ReadonlyMap<string, string>} */
const defaults = new Map(
  Object.entries(optionTable).flatMap(([key, row]) => {
    const rows =
      'rows' in row ? Object.entries(row.rows).map(([member, one]) => [`${key}.${member}`, one]) : [[key, row]];
    return rows.flatMap(([path, { default: value, expected }]) =>
      typeof value === 'number' ? [[path, display(value, expected)]] : [],
    );
  }),
);

const quotation = /`(?<path>[\w.]+)`(?<before> \(|, )(?<value>[\d.,]*\d ?(?:%|ms|s|min|h)?)(?=\))/gu;

/** Replaces every quoted default by the one in the option table. @param {string} text */
export function withDefaults(text) {
  return text.replaceAll(quotation, (quoted, path, before) => {
    const value = defaults.get(path);
    return value === undefined ? quoted : `\`${path}\`${before}${value}`;
  });
}

/** The options whose default a text quotes. @param {string} text */
export function quotedOptions(text) {
  const paths = [...text.matchAll(quotation)].map(({ groups }) => groups?.['path'] ?? '');
  return [...new Set(paths)].filter((path) => defaults.has(path)).toSorted();
}

/** A generator of scripts/generated-docs.mjs. @param {string} document */
export function print(document) {
  return withDefaults(readFileSync(new URL(document, new URL('..', import.meta.url)), 'utf8'));
}
