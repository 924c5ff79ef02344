// @ts-check
// Prints docs/configuration.md and docs/zh/configuration.md from the option tables. The prose is in scripts/configuration/.
import { knownKeys } from '../packages/core/src/config/known-keys.ts';
import { optionTable, readOptionTable, secretOptionTable } from '../packages/core/src/options/option-table.ts';
import { chinese } from './configuration/chinese.mjs';
import { english } from './configuration/english.mjs';

/**
 * An option: the interface that declares it, its key there, and its path from the top of the table, such as `retry.maxDelay`.
 * @typedef {{ type: string, key: string, path: string }} Option
 */

/**
 * The text of the document in one language. `meaning` and `shown` throw if a text is missing.
 * @typedef {object} Prose
 * @property {string} title
 * @property {readonly string[]} introduction
 * @property {Readonly<Record<'options' | 'secret' | 'read', string>>} headings
 * @property {Readonly<Record<'option' | 'default' | 'variable' | 'meaning', string>>} columns
 * @property {(option: Option, expected: string) => string} meaning of an option, with what its parser expects
 * @property {(text: string) => string} shown a default as the table shows it
 * @property {readonly string[]} identities
 * @property {readonly string[]} keysIntroduction
 * @property {ReadonlyArray<readonly string[]>} keys each with the names of keys and their meaning
 */

/** The interface of the members of a group, such as `RetryOptions` of `retry`. @type {Readonly<Record<string, string>>} */
const groupTypes = {
  refresh: 'RefreshOptions',
  retry: 'RetryOptions',
  hedge: 'HedgeOptions',
  breaker: 'BreakerOptions',
  limits: 'LimitOptions',
};

/** @param {string} text */
const cell = (text) => text.replaceAll('|', '\\|');

/** @param {readonly string[]} cells */
const line = (cells) => `| ${cells.join(' | ')} |`;

/**
 * A table of options. The members of a group follow the group.
 * @param {Prose} prose
 * @param {{ type: string, rows: object, hasVariables?: boolean }} table `type` is the interface of the options
 */
function tableOf(prose, { type, rows: top, hasVariables = false }) {
  const { option, default: byDefault, variable, meaning } = prose.columns;
  const head = [option, byDefault, ...(hasVariables ? [variable] : []), meaning];

  /** @param {string} owner @param {object} rows @param {string} prefix @returns {string[]} */
  const linesOf = (owner, rows, prefix) =>
    Object.entries(rows).flatMap(([key, row]) => {
      const path = prefix + key;
      const isGroup = 'rows' in row;
      const shown = isGroup ? (row.canBeOff ? 'on' : '') : row.shown;
      const cells = [
        `\`${path}\``,
        cell(prose.shown(shown)),
        ...(hasVariables ? [row.variable === undefined ? '' : `\`${row.variable}\``] : []),
        cell(prose.meaning({ type: owner, key, path }, row.expected)),
      ];
      return [line(cells), ...(isGroup ? linesOf(groupTypes[key] ?? '', row.rows, `${path}.`) : [])];
    });

  return [line(head), line(head.map(() => '---')), ...linesOf(type, top, '')];
}

/** Every key of the official clients. Throws if a known key is missing. @param {Prose} prose */
function printKeys({ keysIntroduction, keys }) {
  const text = keys.map(([names]) => names).join();
  for (const key of knownKeys) {
    if (!key.startsWith('KMS_SECRETS_') && !text.includes(`\`${key}\``)) {
      throw new Error(`the key ${key} is missing in scripts/configuration`);
    }
  }
  return [
    ...keysIntroduction,
    '| --- | --- |',
    ...keys.map(([names = '', meaning = '']) => line([names, cell(meaning)])),
  ];
}

/** The whole document. @param {string} document its path from the root of the repository */
export function print(document) {
  const prose = document.startsWith('docs/zh/') ? chinese : english;
  return `${[
    prose.title,
    '',
    '<!-- Printed from packages/core/src/options by `pnpm generate`. Do not edit. -->',
    '',
    ...prose.introduction,
    '',
    prose.headings.options,
    '',
    ...tableOf(prose, { type: 'SecretClientOptions', rows: optionTable, hasVariables: true }),
    '',
    prose.headings.secret,
    '',
    ...tableOf(prose, { type: 'SecretOptions', rows: secretOptionTable }),
    '',
    prose.headings.read,
    '',
    ...tableOf(prose, { type: 'ReadOptions', rows: readOptionTable }),
    '',
    ...prose.identities,
    '',
    ...printKeys(prose),
  ].join('\n')}\n`;
}
