import type { FakeAccessKey } from './access-keys.ts';
import type { FakeEndpoint } from './options.ts';

interface Reached {
  readonly accessKey: FakeAccessKey;
  readonly endpoints: readonly FakeEndpoint[];
  /** `undefined` over plain HTTP. */
  readonly caFilePath: string | undefined;
}

/** The settings that bring a client here, under the names all official secret clients read. */
export function clientSettings({ accessKey, endpoints, caFilePath }: Reached): Record<string, string> {
  const regions = endpoints.map(({ region, endpoint }) => ({ regionId: region, endpoint, caFilePath }));
  return {
    credentials_type: 'ak',
    credentials_access_key_id: accessKey.accessKeyId,
    credentials_access_secret: accessKey.accessKeySecret,
    cache_client_region_id: JSON.stringify(regions),
  };
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
