import type { FakeAccessKey } from './auth/access-keys.ts';
import type { FakeClientKey } from './client-keys/client-keys.ts';
import type { FakeEndpoint } from './options.ts';

/** Who a client is to be: the account's access key unless something else is named. */
export interface FakeIdentity {
  /** `credentials_type=client_key`: signs with this key on the shared gateways. */
  readonly clientKey?: FakeClientKey;
  /** Reads from the instances with this key, and from the shared gateways only if `clientKey` is given too. */
  readonly instanceKey?: FakeClientKey;
  /** `credentials_type=ram_role`: assumes this role, which `sts.addRole` has made, with the account's access key. */
  readonly roleArn?: string;
  /** `credentials_type=oidc_role_arn`: takes `roleArn` by the token in a file, which `sts.registerOidcToken` knows. */
  readonly oidc?: { readonly providerArn: string; readonly tokenFile: string };
  /** No identity but an address, which the default chain of `@alicloud/credentials` asks. */
  readonly useCredentialsUri?: boolean;
}

interface Reached {
  readonly accessKey: FakeAccessKey;
  readonly endpoints: readonly FakeEndpoint[];
  /** Of STS. */
  readonly stsEndpoint: string;
  /** Where temporary keys are given out. */
  readonly credentialsUri: string;
  /** `undefined` over plain HTTP. */
  readonly caFilePath: string | undefined;
}

/** The settings that bring a client here, under the names all official secret clients read. */
export function clientSettings(reached: Reached, identity: FakeIdentity = {}): Record<string, string> {
  const { instanceKey, ...others } = identity;
  const isForRegions = instanceKey === undefined || Object.keys(others).length > 0;
  return {
    ...(isForRegions && { ...identitySettings(reached, others), ...regionSettings(reached) }),
    ...(instanceKey !== undefined && instanceSettings(reached, instanceKey)),
  };
}

function identitySettings(
  { accessKey, stsEndpoint, credentialsUri }: Reached,
  { clientKey, roleArn, oidc, useCredentialsUri: isFromAddress }: Omit<FakeIdentity, 'instanceKey'>,
): Record<string, string> {
  if (clientKey !== undefined) return clientKeySettings(clientKey);
  // The chain would look for the metadata service first, and wait for it.
  if (isFromAddress === true)
    return { ALIBABA_CLOUD_CREDENTIALS_URI: credentialsUri, ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true' };
  const pair = {
    credentials_access_key_id: accessKey.accessKeyId,
    credentials_access_secret: accessKey.accessKeySecret,
  };
  if (roleArn === undefined) return { credentials_type: 'ak', ...pair };
  const role = {
    credentials_role_arn: roleArn,
    credentials_role_session_name: 'fake-kms',
    credentials_sts_endpoint: stsEndpoint,
  };
  if (oidc === undefined) return { credentials_type: 'ram_role', ...pair, ...role };
  return {
    credentials_type: 'oidc_role_arn',
    ...role,
    credentials_oidc_provider_arn: oidc.providerArn,
    credentials_oidc_token_file_path: oidc.tokenFile,
  };
}

function clientKeySettings(key: FakeClientKey): Record<string, string> {
  return {
    credentials_type: 'client_key',
    client_key_private_key_path: key.keyFile,
    client_key_password_from_file_path: key.passwordFile,
  };
}

function regionSettings({ endpoints, caFilePath }: Reached): Record<string, string> {
  const regions = endpoints
    .filter(({ gateway }) => gateway === 'shared')
    .map(({ region, endpoint }) => ({ regionId: region, endpoint, caFilePath }));
  return { cache_client_region_id: JSON.stringify(regions) };
}

function instanceSettings({ endpoints, caFilePath }: Reached, key: FakeClientKey): Record<string, string> {
  const instances = endpoints
    .filter(({ gateway }) => gateway === 'instance')
    .map(({ region, endpoint }) => ({
      regionId: region,
      endpoint,
      clientKeyFile: key.keyFile,
      passwordFromFilePath: key.passwordFile,
      caFilePath,
    }));
  if (instances.length === 0) throw new TypeError('This fake KMS has no instance: start it with some.');
  return { cache_client_dkms_config_info: JSON.stringify(instances) };
}

/** The same as the text of a `secretsmanager.properties`, in the escapes of Java's Properties. */
export function propertiesText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${escapeValue(value)}\n`)
    .join('');
}

/** A backslash starts an escape, and the file's encoding is only sure for ASCII. */
function escapeValue(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
