// @ts-check
// The English text of docs/configuration.md. The meaning of an option is the comment of its property.
import { readFileSync } from 'node:fs';

const source = readFileSync(new URL('../../packages/core/src/options/options.ts', import.meta.url), 'utf8');

/** The comment of a property of an interface, on one line. @param {string} type @param {string} key */
function commentOf(type, key) {
  const body = new RegExp(`export interface ${type} \\{(.*?)\\n\\}`, 's').exec(source)?.[1] ?? '';
  const comment = new RegExp(`/\\*\\*((?:(?!\\*/).)*)\\*/\\s*readonly ${key}\\?:`, 's').exec(body)?.[1];
  if (comment === undefined) throw new Error(`the option ${key} of ${type} has no comment`);
  return comment.replaceAll(/\s*\n\s*\*?\s*/g, ' ').trim();
}

/** @type {import('../print-configuration.mjs').Prose} */
export const english = {
  title: '# Configuration',
  introduction: [
    'A duration is a number of milliseconds, or a number with a unit: `500ms`, `90s`, `15m`, `24h`, `7d`.',
    '',
    'An option set in code takes precedence over the environment, which takes precedence over the configuration file. Each variable below',
    'is also a key of the configuration file. The members of a group, such as `retry`, are resolved one by one: code can set',
    '`retry.maxAttempts` and the environment `retry.maxDelay`. In code, `hedge: false` switches a group off, and an object switches it on;',
    'variables switch it with `false` or `true`, for example `KMS_SECRETS_HEDGE=false`.',
  ],
  headings: {
    options: '## `createSecretClient(options)`',
    secret: '## One secret: `secrets: { name: options }`',
    read: '## One read: `client.get(name, options)`',
  },
  columns: { option: 'option', default: 'default', variable: 'variable', meaning: 'meaning' },
  meaning: ({ type, key }, expected) => `${commentOf(type, key)} Expected: ${expected}.`,
  shown: (text) => text,
  identities: [
    '## Identities: `credentials: { type, … }`',
    '',
    'In code, `credentials` is one of these, an access key without a `type`, a provider or client of `@alicloud/credentials`, or any object',
    'with `getCredential()`.',
    '',
    '| type | required | optional |',
    '| --- | --- | --- |',
    '| `ak` | `accessKeyId`, `accessKeySecret` | |',
    '| `sts` | `accessKeyId`, `accessKeySecret`, `securityToken` | |',
    '| `ram_role` | `accessKeyId`, `accessKeySecret`, `roleArn` | `securityToken`, `roleSessionName`, `externalId`, STS parameters |',
    '| `ecs_ram_role` | | `roleName`, `disableIMDSv1` |',
    '| `oidc_role_arn` | `roleArn`, `oidcProviderArn`, `oidcTokenFilePath` | `roleSessionName`, STS parameters |',
    '| `credentials_uri` | `uri` | |',
    '| `client_key` | `clientKeyFile` or `clientKeyContent` | one of `password`, `passwordFromFilePath`, `passwordFromEnvVariable`; without one, the variable `client_key_password` |',
    '| `default` | | |',
    '',
    'STS parameters: `policy`, `durationSeconds` (900 to 43200), `stsEndpoint`, `stsRegionId`, `vpc`.',
    '',
    'Temporary credentials are requested once for all readers and cached until five minutes before they expire, or until a fifth of their',
    'lifetime is left if that is less.',
    '',
    'Without any configuration, `default` is used. It tries in order: the variables `ALIBABA_CLOUD_ACCESS_KEY_ID` and `_SECRET`',
    '(`_SECURITY_TOKEN`), OIDC (`ALIBABA_CLOUD_ROLE_ARN`, `_OIDC_PROVIDER_ARN`, `_OIDC_TOKEN_FILE`), the profile of the Alibaba Cloud CLI in',
    '`~/.aliyun/config.json`, `~/.alibabacloud/credentials` or the file that `ALIBABA_CLOUD_CREDENTIALS_FILE` names, ECS metadata, and',
    '`ALIBABA_CLOUD_CREDENTIALS_URI`. `ALIBABA_CLOUD_PROFILE` chooses the profile. A source with an error is passed over with a warning. The',
    'command of an `External` profile is run, without a shell; this is the only process that the client starts.',
  ],
  keysIntroduction: [
    '## Keys of the official clients',
    '',
    'These keys are read from the environment and from `secretsmanager.properties`, as the clients for Java, Go and Python of both',
    'generations read them. A relative path is resolved from the directory of the file that contains it, then from the working directory.',
    'Write a backslash twice in a properties file, and four times inside JSON; or use `/`.',
    '',
    'The file may be in UTF-8, or in UTF-16 with a byte order mark. Any other file is read as ISO-8859-1, as by Java. Quotes around a whole',
    'value, which `docker --env-file` keeps, are ignored with a warning, except those of `client_key_password`. An unknown key or property',
    'is a warning, with the name that it resembles.',
    '',
    '| key | meaning |',
  ],
  keys: [
    [
      '`credentials_type`',
      '`ak`, `sts`, `ram_role`, `ecs_ram_role`, `oidc_role_arn`, `client_key` or `token`. Without it, an access key is used if one is set, otherwise the default chain',
    ],
    [
      '`credentials_access_key_id`, `credentials_access_secret`',
      'Access key of `ak`, or the one that assumes the role of `ram_role`',
    ],
    [
      '`credentials_security_token`',
      'For `sts`: token of temporary credentials that are renewed elsewhere. `sts` without it assumes a role, as `ram_role` does. The official clients have no such key',
    ],
    [
      '`credentials_role_arn`, `credentials_role_session_name`, `credentials_policy`',
      'For `ram_role` and `oidc_role_arn`',
    ],
    [
      '`credentials_duration_seconds`, `credentials_sts_endpoint`, `credentials_sts_region_id`',
      'For `ram_role` and `oidc_role_arn`: lifetime of the credentials, and the STS endpoint',
    ],
    ['`credentials_role_name`', 'For `ecs_ram_role`. Default: the role that the metadata service names'],
    [
      '`credentials_oidc_provider_arn`, `credentials_oidc_token_file_path`',
      'For `oidc_role_arn`. Default of these and of `credentials_role_arn`: the `ALIBABA_CLOUD_*` variables',
    ],
    [
      '`credentials_access_token_id`, `credentials_access_token`',
      'For `token`, which is deprecated: used as an access key',
    ],
    ['`client_key_private_key_path`', 'For `client_key`: path of the client key file from the KMS console'],
    [
      '`client_key_password_from_env_variable`',
      'Name of the variable with the password of the client key. If that variable holds the name of another variable that is set, the other one is read, with a warning',
    ],
    [
      '`client_key_password_from_file_path`',
      'Path of the file with the password. If `client_key_password_from_env_variable` is set too, the variable that it names is read if it is set, otherwise this file',
    ],
    [
      '`client_key_password`',
      'The password itself, if neither of the two keys above is set. Also used for KMS instances',
    ],
    [
      '`cache_client_region_id`',
      'JSON list of endpoints: `[{"regionId":"cn-hangzhou","vpc":true}]`. Optional properties: `endpoint`, `caFilePath` (or `ca` with the text of the file), `ignoreSslCerts`',
    ],
    [
      '`cache_client_dkms_config_info`',
      'JSON list of KMS instances, which come before the regions: `endpoint`, `clientKeyFile` (or `clientKeyContent`), one of `password`, `passwordFromFilePath`, `passwordFromEnvVariable`, `passwordFromFilePathName` (the key or variable that holds the path), `caFilePath` (or `ca` or `caCert` with the text of the file), and optionally `ignoreSslCerts` (also `ignoreSSLCerts`, `ignoreSSL`)',
    ],
    ['`secret_names`', 'Names of the secrets to preload, separated by commas'],
  ],
};
