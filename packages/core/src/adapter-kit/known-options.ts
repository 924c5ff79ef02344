import { unknownOptions } from '../options/unknown-options.ts';
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
  const issues = unknownOptions(options, source, known);
  if (issues.length > 0) throw new ConfigurationError(issues);
}
