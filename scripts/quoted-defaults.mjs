// @ts-check
// Writes the defaults that a document quotes after the name of an option, such as `deadline` (10 s) or (`deadline`, 10 s).
// In Chinese: `deadline`（10 秒）or （`deadline`，10 秒）.
import { readFileSync } from 'node:fs';
import { optionTable } from '../packages/core/src/options/option-table.ts';

/**
 * Units of a duration from the largest, as documents write them: 24 h, not 1 d. The second name is the Chinese one.
 * @type {ReadonlyArray<readonly [string, string, number]>}
 */
const units = [
  ['h', '小时', 3_600_000],
  ['min', '分钟', 60_000],
  ['s', '秒', 1_000],
  ['ms', '毫秒', 1],
];

/**
 * @param {number} value
 * @param {string} expected
 * @param {boolean} isChinese
 */
function display(value, expected, isChinese) {
  if (expected.startsWith('a whole number')) return value.toLocaleString('en-US');
  if (expected.startsWith('a number above 0')) return `${value * 100}%`;
  const [unit, chinese, size] = units.find(([, , length]) => value >= length && value % length === 0) ?? [
    'ms',
    '毫秒',
    1,
  ];
  return `${value / size} ${isChinese ? chinese : unit}`;
}

/** The numeric defaults, in English and in Chinese, by the path of the option. @type {ReadonlyMap<string, readonly string[]>} */
const defaults = new Map(
  Object.entries(optionTable).flatMap(([key, row]) => {
    const rows =
      'rows' in row ? Object.entries(row.rows).map(([member, one]) => [`${key}.${member}`, one]) : [[key, row]];
    return rows.flatMap(([path, { default: value, expected }]) =>
      typeof value === 'number' ? [[path, [false, true].map((isChinese) => display(value, expected, isChinese))]] : [],
    );
  }),
);

const quotation =
  /`(?<path>[\w.]+)`(?<before> \(|, |（|，)(?<value>[\d.,]*\d ?(?:%|ms|s|min|h|毫秒|秒|分钟|小时)?)(?=[)）])/gu;

/** Replaces every quoted default by the one in the option table. @param {string} text */
export function withDefaults(text) {
  return text.replaceAll(quotation, (quoted, path, before) => {
    const [english, chinese] = defaults.get(path) ?? [];
    const value = '（，'.includes(before) ? chinese : english;
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
