import { apiError } from '../api/api-error.ts';
import { secretArn } from '../api/get-secret-value.ts';
import type { ReadPermission } from '../auth/access-keys.ts';

interface Statement {
  readonly isAllow: boolean;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/**
 * Parses a RAM policy to a read permission. Throws an `ApiError` for invalid policy text.
 *
 * Evaluates Effect, Action and Resource, with the wildcards `*` and `?`. A Deny takes precedence over any Allow (Alibaba
 * Cloud, "Policy structure and syntax"). A Condition always counts as satisfied: the fake has no context to check it.
 */
export function parsePolicy(text: string): ReadPermission {
  const statements = parseStatements(text);
  return (secretName, region) => {
    const resource = secretArn(secretName, region);
    const matching = statements.filter(
      ({ actions, resources }) =>
        actions.some((pattern) => matchesPattern(pattern, 'kms:GetSecretValue')) &&
        resources.some((pattern) => matchesPattern(pattern, resource)),
    );
    return matching.length > 0 && matching.every(({ isAllow }) => isAllow);
  };
}

function parseStatements(text: string): readonly Statement[] {
  const policy = parseJson(text);
  if (!isObject(policy) || policy['Version'] !== '1') throw apiError('InvalidParameter.PolicyGrammar');
  const { Statement: statements } = policy;
  if (!Array.isArray(statements) || statements.length === 0) throw apiError('InvalidParameter.PolicyGrammar');
  return statements.map(parseStatement);
}

function parseStatement(statement: unknown): Statement {
  if (!isObject(statement)) throw apiError('InvalidParameter.PolicyGrammar');
  const { Effect, Action, Resource } = statement;
  if (Effect !== 'Allow' && Effect !== 'Deny') throw apiError('InvalidParameter.PolicyGrammar');
  return { isAllow: Effect === 'Allow', actions: parseStrings(Action), resources: parseStrings(Resource) };
}

/** A string, or a list of strings. */
function parseStrings(value: unknown): readonly string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const strings = list.filter((item): item is string => typeof item === 'string' && item !== '');
  if (strings.length === 0 || strings.length !== list.length) throw apiError('InvalidParameter.PolicyGrammar');
  return strings;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw apiError('InvalidParameter.PolicyGrammar');
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `*` matches any text, `?` any character. Case-insensitive. */
function matchesPattern(pattern: string, text: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll(/\*+/g, '.*').replaceAll('?', '.')}$`, 'is').test(text);
}
