import { optionTable } from '../options/option-table.ts';
import type { OptionRow } from '../options/rows.ts';

/** An option, or one member of an option that is a group. */
export interface OptionPath {
  readonly option: string;
  readonly member?: string | undefined;
}

/** Options by their name in the environment and in a configuration file. */
export const optionByVariable: ReadonlyMap<string, OptionPath> = new Map(
  Object.entries(optionTable).flatMap(([option, row]) => {
    const members = 'rows' in row ? Object.entries<OptionRow<unknown>>(row.rows) : [];
    const paths: readonly [string | undefined, OptionPath][] = [
      [row.variable, { option }],
      ...members.map(([member, { variable }]): [string | undefined, OptionPath] => [variable, { option, member }]),
    ];
    return paths.flatMap(([variable, path]): [string, OptionPath][] =>
      variable === undefined ? [] : [[variable, path]],
    );
  }),
);

// Keys of the official clients for Java, Go and Python, of both generations.
export const credentialsTypeKey = 'credentials_type';
export const regionsKey = 'cache_client_region_id';
export const instancesKey = 'cache_client_dkms_config_info';
export const secretNamesKey = 'secret_names';
/** An extension of this client: the official clients cannot use temporary credentials. */
export const securityTokenKey = 'credentials_security_token';
export const tokenIdKey = 'credentials_access_token_id';
export const tokenKey = 'credentials_access_token';
export const clientKeyPasswordKey = 'client_key_password';

/** The key of each property of an identity. */
export const identityKeys: ReadonlyMap<string, string> = new Map([
  ['accessKeyId', 'credentials_access_key_id'],
  ['accessKeySecret', 'credentials_access_secret'],
  ['securityToken', securityTokenKey],
  ['roleArn', 'credentials_role_arn'],
  ['roleSessionName', 'credentials_role_session_name'],
  ['policy', 'credentials_policy'],
  ['durationSeconds', 'credentials_duration_seconds'],
  ['stsEndpoint', 'credentials_sts_endpoint'],
  ['stsRegionId', 'credentials_sts_region_id'],
  ['roleName', 'credentials_role_name'],
  ['oidcProviderArn', 'credentials_oidc_provider_arn'],
  ['oidcTokenFilePath', 'credentials_oidc_token_file_path'],
  ['clientKeyFile', 'client_key_private_key_path'],
  ['passwordFromEnvVariable', 'client_key_password_from_env_variable'],
  ['passwordFromFilePath', 'client_key_password_from_file_path'],
  ['password', clientKeyPasswordKey],
]);

/** Every key that a configuration file may contain without a warning. */
export const knownKeys: ReadonlySet<string> = new Set([
  ...optionByVariable.keys(),
  credentialsTypeKey,
  ...identityKeys.values(),
  tokenIdKey,
  tokenKey,
  regionsKey,
  instancesKey,
  secretNamesKey,
]);
