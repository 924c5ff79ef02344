// @ts-check
// Prints docs/configuration.md from the option table (built) and the comments beside the types of the options.
import { readFileSync } from 'node:fs';
import { optionTable, readOptionTable, secretOptionTable } from '../packages/core/dist/options.js';

const source = readFileSync(new URL('../packages/core/src/options.ts', import.meta.url), 'utf8');

/**
 * The comment of every property of an interface, on one line.
 * @param {string} name
 */
function proseOf(name) {
  const body = new RegExp(`export interface ${name} \\{(.*?)\\n\\}`, 's').exec(source)?.[1] ?? '';
  const rows = body.matchAll(/\/\*\*(?<prose>.*?)\*\/\s*readonly (?<key>\w+)\?/gs);
  return new Map(
    [...rows].map(({ groups }) => [groups?.['key'], groups?.['prose']?.replaceAll(/\s*\n\s*\*?\s*/g, ' ').trim()]),
  );
}

/** @param {string} text */
const cell = (text) => text.replaceAll('|', '\\|');

/**
 * @param {string} name
 * @param {object} table
 * @param {boolean} hasVariables
 */
function rowsOf(name, table, hasVariables) {
  const prose = proseOf(name);
  return Object.entries(table).map(([key, row]) => {
    const text = prose.get(key);
    if (!text) throw new Error(`the option ${key} of ${name} has no comment`);
    const variable = row.variable === undefined ? '' : `\`${row.variable}\``;
    const cells = [
      `\`${key}\``,
      cell(row.shown),
      ...(hasVariables ? [variable] : []),
      cell(`${text} Expected: ${row.expected}.`),
    ];
    return `| ${cells.join(' | ')} |`;
  });
}

/** The whole document. */
export function print() {
  return `${[
    '# Configuration',
    '',
    '<!-- Printed from packages/core/src/options.ts by `pnpm generate`; a change made here is lost. -->',
    '',
    'A duration is a number of milliseconds, or a number with a unit: `500ms`, `90s`, `15m`, `24h`, `7d`. What is set in code wins',
    'over the environment, which wins over the file. A variable is also a key of the file, under the same name.',
    '',
    '## `createSecretClient(options)`',
    '',
    '| option | default | variable | meaning |',
    '| --- | --- | --- | --- |',
    ...rowsOf('SecretClientOptions', optionTable, true),
    '',
    '## For one secret: `secrets: { name: options }`',
    '',
    '| option | default | meaning |',
    '| --- | --- | --- |',
    ...rowsOf('SecretOptions', secretOptionTable, false),
    '',
    '## For one read: `client.get(name, options)`',
    '',
    '| option | default | meaning |',
    '| --- | --- | --- |',
    ...rowsOf('ReadOptions', readOptionTable, false),
    '',
    '## Keys of the official clients',
    '',
    'These are read from the environment and from `secretsmanager.properties`, as the clients for Java, Go and Python read them.',
    '',
    '| key | meaning |',
    '| --- | --- |',
    '| `credentials_type` | `ak`: an access key, in the next two keys |',
    '| `credentials_access_key_id`, `credentials_access_secret` | the access key |',
    '| `cache_client_region_id` | JSON list of endpoints: `[{"regionId":"cn-hangzhou","vpc":true}]`, with `endpoint` and `caFilePath` where wanted |',
    '| `secret_names` | the names to preload, with commas between them |',
  ].join('\n')}\n`;
}
