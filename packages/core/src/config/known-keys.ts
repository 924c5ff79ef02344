import { optionTable } from '../options.ts';

/** Option by the name that it has in the environment and in a file. */
export const optionByVariable: ReadonlyMap<string, string> = new Map(
  Object.entries(optionTable).flatMap(([option, { variable }]) => (variable === undefined ? [] : [[variable, option]])),
);

/** Keys that the official clients for Java, Go and Python read, and this version reads too. */
export const credentialsTypeKey = 'credentials_type';
export const accessKeyIdKey = 'credentials_access_key_id';
export const accessKeySecretKey = 'credentials_access_secret';
export const regionsKey = 'cache_client_region_id';
export const instancesKey = 'cache_client_dkms_config_info';
export const secretNamesKey = 'secret_names';

/** Every key that a file may hold without a warning: ours, and those that only the official clients read. */
export const knownKeys: ReadonlySet<string> = new Set([
  ...optionByVariable.keys(),
  credentialsTypeKey,
  accessKeyIdKey,
  accessKeySecretKey,
  regionsKey,
  instancesKey,
  secretNamesKey,
  'credentials_access_token_id',
  'credentials_access_token',
  'credentials_role_session_name',
  'credentials_role_arn',
  'credentials_role_name',
  'credentials_policy',
  'credentials_duration_seconds',
  'credentials_oidc_provider_arn',
  'credentials_oidc_token_file_path',
  'credentials_sts_endpoint',
  'credentials_sts_region_id',
  'client_key_private_key_path',
  'client_key_password_from_env_variable',
  'client_key_password_from_file_path',
  'client_key_password',
]);

const orProvider = 'hand a provider of @alicloud/credentials over as the option credentials, or use ak';

/** Values of `credentials_type` that the official clients know and this version does not, with what can be done instead. */
export const typesNotBuilt: ReadonlyMap<string, string> = new Map([
  ['sts', orProvider],
  ['ram_role', orProvider],
  ['ecs_ram_role', orProvider],
  ['oidc_role_arn', orProvider],
  ['client_key', 'use ak'],
  ['token', 'use ak'],
]);
