import { checkRamOptions } from './options.ts';
import type { RamCredentialsOptions } from './options.ts';
import { RamCredentials } from './ram-credentials.ts';
import type { SecretClient } from '@kms-secrets/core';

export { AccessKeyError } from './access-key.ts';
export type { RamAccessKey } from './access-key.ts';
export type { RamCredentialsOptions } from './options.ts';
export type { AccessKeyProvider, RamCredentials } from './ram-credentials.ts';

/**
 * Returns the credentials of a RAM secret: a `Credential` for the SDKs of Alibaba Cloud that always has the current access key.
 *
 * Throws a `TypeError` that lists all invalid arguments. Keeps the secret fresh until `dispose()` is called or the client is closed.
 */
export function ramCredentials(
  client: SecretClient,
  name: string,
  options: RamCredentialsOptions = {},
): RamCredentials {
  checkRamOptions(client, name, options);
  return new RamCredentials(client.handle(name, options));
}
