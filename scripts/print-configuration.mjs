// @ts-check
// Prints docs/configuration.md from the option table and the comments beside the types of the options.
import { readFileSync } from 'node:fs';
import { knownKeys } from '../packages/core/src/config/known-keys.ts';
import { optionTable, readOptionTable, secretOptionTable } from '../packages/core/src/options/options.ts';

const source = readFileSync(new URL('../packages/core/src/options/options.ts', import.meta.url), 'utf8');

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

/** What an identity can be told in code; the types are in packages/core/src/options/identity.ts. */
function printIdentities() {
  return [
    '## Identities: `credentials: { type, … }`',
    '',
    'In code: one of these, an access key without a type, a provider or a client of `@alicloud/credentials`, or anything with `getCredential()`.',
    '',
    '| type | needs | may have |',
    '| --- | --- | --- |',
    '| `ak` | `accessKeyId`, `accessKeySecret` | |',
    '| `sts` | `accessKeyId`, `accessKeySecret`, `securityToken` | |',
    '| `ram_role` | `accessKeyId`, `accessKeySecret`, `roleArn` | `securityToken`, `roleSessionName`, `externalId`, and what STS is told |',
    '| `ecs_ram_role` | | `roleName`, `disableIMDSv1` |',
    '| `oidc_role_arn` | `roleArn`, `oidcProviderArn`, `oidcTokenFilePath` | `roleSessionName`, and what STS is told |',
    '| `credentials_uri` | `uri` | |',
    '| `client_key` | `clientKeyFile` or `clientKeyContent` | one of `password`, `passwordFromFilePath`, `passwordFromEnvVariable`; without one, the variable `client_key_password` |',
    '| `default` | | |',
    '',
    'What STS is told: `policy`, `durationSeconds` (900 to 43200), `stsEndpoint`, `stsRegionId`, `vpc`.',
    '',
    'Credentials that are issued for a time are asked for once for all readers and kept until near their end (five minutes before it, or a',
    'fifth of their lifetime where that is less). `default` is also what is taken where nothing is configured: the variables',
    '`ALIBABA_CLOUD_ACCESS_KEY_ID` and `_SECRET` (`_SECURITY_TOKEN`), OIDC (`ALIBABA_CLOUD_ROLE_ARN`, `_OIDC_PROVIDER_ARN`,',
    '`_OIDC_TOKEN_FILE`), `~/.aliyun/config.json`, `~/.alibabacloud/credentials`, ECS metadata, `ALIBABA_CLOUD_CREDENTIALS_URI`.',
  ];
}

/** Every key of the official clients; `knownKeys` is checked to be all here. */
function printKeys() {
  const rows = [
    [
      '`credentials_type`',
      '`ak`, `sts`, `ram_role`, `ecs_ram_role`, `oidc_role_arn`, `client_key`, `token`. Without it: an access key, if one is set; else the default chain',
    ],
    ['`credentials_access_key_id`, `credentials_access_secret`', 'the access key: of `ak`, or of who assumes a role'],
    [
      '`credentials_security_token`',
      'with `sts`: temporary credentials that somebody else renews. `sts` without it assumes a role, as `ram_role` does. The official clients have no such key',
    ],
    [
      '`credentials_role_arn`, `credentials_role_session_name`, `credentials_policy`',
      'of `ram_role` and `oidc_role_arn`',
    ],
    [
      '`credentials_duration_seconds`, `credentials_sts_endpoint`, `credentials_sts_region_id`',
      'of `ram_role` and `oidc_role_arn`: how long, and which STS',
    ],
    ['`credentials_role_name`', 'of `ecs_ram_role`; asked of the metadata service where it is missing'],
    [
      '`credentials_oidc_provider_arn`, `credentials_oidc_token_file_path`',
      'of `oidc_role_arn`; these and `credentials_role_arn` are taken from the `ALIBABA_CLOUD_*` variables where they are missing',
    ],
    ['`credentials_access_token_id`, `credentials_access_token`', 'of `token`: used as an access key. Deprecated'],
    ['`client_key_private_key_path`', 'of `client_key`: the file that the console hands out'],
    [
      '`client_key_password_from_env_variable`',
      'the name of the variable with its password. If that holds the name of another variable that is set, that one is read, with a warning',
    ],
    ['`client_key_password_from_file_path`', 'the file with its password; not together with the one before'],
    ['`client_key_password`', 'its password, where neither of the two is set; for instances too'],
    [
      '`cache_client_region_id`',
      'JSON list of endpoints: `[{"regionId":"cn-hangzhou","vpc":true}]`, with `endpoint`, `caFilePath`, `ignoreSslCerts` where wanted',
    ],
    [
      '`cache_client_dkms_config_info`',
      'JSON list of KMS instances, asked before the regions: `endpoint`, `clientKeyFile` (or `clientKeyContent`), one of `password`, `passwordFromFilePath`, `passwordFromEnvVariable`, `passwordFromFilePathName` (the key or variable that holds the path), and `caFilePath`, `ignoreSslCerts` (also `ignoreSSLCerts`, `ignoreSSL`)',
    ],
    ['`secret_names`', 'the names to preload, with commas between them'],
  ];
  const text = rows.map(([keys]) => keys).join();
  for (const key of knownKeys) {
    if (!key.startsWith('KMS_SECRETS_') && !text.includes(`\`${key}\``)) throw new Error(`the key ${key} is not told`);
  }
  return [
    '## Keys of the official clients',
    '',
    'These are read from the environment and from `secretsmanager.properties`, as the clients for Java, Go and Python read them, in their',
    'first and second generation. A relative path is meant from the file that names it, then from the working directory. In a properties',
    'file a backslash is written twice, inside JSON four times; `/` does as well.',
    '',
    '| key | meaning |',
    '| --- | --- |',
    ...rows.map(([keys, meaning]) => `| ${keys} | ${cell(meaning ?? '')} |`),
  ];
}

/** The whole document. */
export function print() {
  return `${[
    '# Configuration',
    '',
    '<!-- Printed from packages/core/src/options/options.ts by `pnpm generate`; a change made here is lost. -->',
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
    ...printIdentities(),
    '',
    ...printKeys(),
  ].join('\n')}\n`;
}
