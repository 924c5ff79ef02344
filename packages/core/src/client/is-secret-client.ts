import { warnOfOtherVersion } from '../secret/package-copy.ts';
import type { SecretClient } from './client.ts';

/**
 * Whether `value` is a client, and not for example the options of one. Checks methods instead of the class: a process may load
 * two copies of this package. Warns once if that copy has another version.
 */
export function isSecretClient(value: unknown): value is SecretClient {
  if (typeof value !== 'object' || value === null) return false;
  if (!['get', 'getMany', 'peek', 'close'].every((method) => typeof Reflect.get(value, method) === 'function'))
    return false;
  warnOfOtherVersion(value);
  return true;
}
