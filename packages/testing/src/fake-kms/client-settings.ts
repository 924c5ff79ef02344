import type { FakeAccessKey } from './auth/access-keys.ts';
import type { FakeClientKey } from './client-keys/client-keys.ts';
import type { FakeEndpoint } from './options.ts';

/** The credentials of a client. Default: the access key of the account. */
export interface FakeIdentity {
  /** `credentials_type=client_key`: signs with this key on the shared gateways. */
  readonly clientKey?: FakeClientKey;
  /** Reads from the instances with this key. Uses the shared gateways too only if `clientKey` is also given. */
  readonly instanceKey?: FakeClientKey;
  /** `credentials_type=ram_role`: assumes this role with the account's access key. Add the role with `sts.addRole`. */
  readonly roleArn?: string;
  /** `credentials_type=oidc_role_arn`: assumes `roleArn` with the token in a file. See `sts.registerOidcToken`. */
  readonly oidc?: { readonly providerArn: string; readonly tokenFile: string };
  /** Gets temporary keys from the credentials URI, through the default chain of `@alicloud/credentials`. */
  readonly useCredentialsUri?: boolean;
}

/** What the settings point a client to. */
interface ClientTarget {
  readonly accessKey: FakeAccessKey;
  readonly endpoints: readonly FakeEndpoint[];
  readonly stsEndpoint: string;
  readonly credentialsUri: string;
  /** `undefined` over plain HTTP. */
  readonly caFilePath: string | undefined;
}

/** The settings that point a client to the fake, under the names that all official secret clients read. */
export function clientSettings(target: ClientTarget, identity: FakeIdentity = {}): Record<string, string> {
  const { instanceKey, ...regionIdentity } = identity;
  const usesRegions = instanceKey === undefined || Object.keys(regionIdentity).length > 0;
  return {
    ...(usesRegions && { ...identitySettings(target, regionIdentity), ...regionSettings(target) }),
    ...(instanceKey !== undefined && instanceSettings(target, instanceKey)),
  };
}

function identitySettings(
  { accessKey, stsEndpoint, credentialsUri }: ClientTarget,
  { clientKey, roleArn, oidc, useCredentialsUri }: Omit<FakeIdentity, 'instanceKey'>,
): Record<string, string> {
  if (clientKey !== undefined) return clientKeySettings(clientKey);
  if (useCredentialsUri === true) {
    // Without the second setting, the chain tries the metadata service first and waits for its timeout.
    return { ALIBABA_CLOUD_CREDENTIALS_URI: credentialsUri, ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true' };
  }
  const keySettings = {
    credentials_access_key_id: accessKey.accessKeyId,
    credentials_access_secret: accessKey.accessKeySecret,
  };
  if (roleArn === undefined) return { credentials_type: 'ak', ...keySettings };
  const roleSettings = {
    credentials_role_arn: roleArn,
    credentials_role_session_name: 'fake-kms',
    credentials_sts_endpoint: stsEndpoint,
  };
  if (oidc === undefined) return { credentials_type: 'ram_role', ...keySettings, ...roleSettings };
  return {
    credentials_type: 'oidc_role_arn',
    ...roleSettings,
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

function regionSettings({ endpoints, caFilePath }: ClientTarget): Record<string, string> {
  const regions = endpoints
    .filter(({ gateway }) => gateway === 'shared')
    .map(({ region, endpoint }) => ({ regionId: region, endpoint, caFilePath }));
  return { cache_client_region_id: JSON.stringify(regions) };
}

function instanceSettings({ endpoints, caFilePath }: ClientTarget, key: FakeClientKey): Record<string, string> {
  const instances = endpoints
    .filter(({ gateway }) => gateway === 'instance')
    .map(({ region, endpoint }) => ({
      regionId: region,
      endpoint,
      clientKeyFile: key.keyFile,
      passwordFromFilePath: key.passwordFile,
      caFilePath,
    }));
  if (instances.length === 0) {
    throw new TypeError('This fake KMS has no instance: start it with the option instances.');
  }
  return { cache_client_dkms_config_info: JSON.stringify(instances) };
}

/** The settings as the text of a `secretsmanager.properties`, with the escapes of Java's `Properties`. */
export function propertiesText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${escapeValue(value)}\n`)
    .join('');
}

/** Escapes backslashes, and all characters beyond ASCII, because readers disagree on the encoding of the file. */
function escapeValue(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
