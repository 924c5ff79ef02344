import type { ConfigurationIssue } from '../secret/errors.ts';
import { suggestion } from './closest-match.ts';

/**
 * An issue for each key of `options` that is not in `known`, with the option that it resembles.
 *
 * @param source - the function that was called, such as `secretsHealth()`
 */
export function unknownOptions(
  options: object,
  source: string,
  known: readonly string[],
): readonly ConfigurationIssue[] {
  const unknown = Object.keys(options).filter((key) => !known.includes(key));
  const expected = `one of the options ${known.join(', ')}`;
  return unknown.map((key) => ({ key, source, expected: `${expected}${suggestion(key, known)}` }));
}
