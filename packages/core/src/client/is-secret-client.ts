import type { SecretClient } from './client.ts';

/**
 * Whether `value` is a client, as opposed to the options to create one from. Checks methods, not the class: a process may hold
 * two copies of this package.
 */
export function isSecretClient(value: unknown): value is SecretClient {
  if (typeof value !== 'object' || value === null) return false;
  return ['get', 'getMany', 'peek', 'close'].every((method) => typeof Reflect.get(value, method) === 'function');
}
