import { ConfigurationError } from '../secret/errors.ts';
import type { HealthOptions } from '../secret/status.ts';

/** Every option of `secretsHealth` in the adapters. */
export const healthOptionNames: readonly (keyof HealthOptions)[] = ['required', 'details'];

/**
 * Throws `ConfigurationError` for a key of `options` that is not in `known`, so that a misspelt option is not ignored.
 *
 * @param source - the function that was called, such as `secretsHealth()`
 */
export function refuseUnknownOptions(options: object, source: string, known: readonly string[]): void {
  const unknown = Object.keys(options).filter((key) => !known.includes(key));
  if (unknown.length === 0) return;
  throw new ConfigurationError(
    unknown.map((key) => ({ key, source, expected: `one of the options ${known.join(', ')}` })),
  );
}
