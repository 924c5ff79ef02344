import type { FakeAccessKey } from './access-keys.ts';
import type { FakeClientKey } from './client-keys/client-keys.ts';
import type { FakeEndpoint } from './options.ts';

/** Who a client is to be: the account's access key unless something else is named. */
export interface FakeIdentity {
  /** `credentials_type=client_key`: signs with this key on the shared gateways. */
  readonly clientKey?: FakeClientKey;
  /** Reads from the instances with this key, and from the shared gateways only if `clientKey` is given too. */
  readonly instanceKey?: FakeClientKey;
}

interface Reached {
  readonly accessKey: FakeAccessKey;
  readonly endpoints: readonly FakeEndpoint[];
  /** `undefined` over plain HTTP. */
  readonly caFilePath: string | undefined;
}

/** The settings that bring a client here, under the names all official secret clients read. */
export function clientSettings(
  reached: Reached,
  { clientKey, instanceKey }: FakeIdentity = {},
): Record<string, string> {
  const { accessKey } = reached;
  const ownKey = {
    credentials_type: 'ak',
    credentials_access_key_id: accessKey.accessKeyId,
    credentials_access_secret: accessKey.accessKeySecret,
  };
  return {
    ...(clientKey !== undefined && { ...clientKeySettings(clientKey), ...regionSettings(reached) }),
    ...(clientKey === undefined && instanceKey === undefined && { ...ownKey, ...regionSettings(reached) }),
    ...(instanceKey !== undefined && instanceSettings(reached, instanceKey)),
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
