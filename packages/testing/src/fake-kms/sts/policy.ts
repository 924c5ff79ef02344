import type { Rights } from '../auth/access-keys.ts';
import { accountId } from '../api/get-secret-value.ts';
import { refusal } from '../api/api-error.ts';

interface Statement {
  readonly isAllowed: boolean;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/**
 * What a policy lets its holder read; throws the refusal for a text that is no policy.
 *
 * Effect, Action and Resource count, with `*` and `?` in the last two, and one Deny outweighs every Allow (Alibaba
 * Cloud, "Policy structure and syntax"). A Condition is taken as fulfilled: this fake knows nothing to check it by.
 */
export function readPolicy(text: string): Rights {
  const statements = readStatements(text);
  return (secretName, region) => {
    const resource = `acs:kms:${region}:${accountId}:secret/${secretName}`;
    const fitting = statements.filter(
      ({ actions, resources }) =>
        actions.some((pattern) => fits(pattern, 'kms:GetSecretValue')) &&
        resources.some((pattern) => fits(pattern, resource)),
    );
    return fitting.length > 0 && fitting.every(({ isAllowed }) => isAllowed);
  };
}

function readStatements(text: string): readonly Statement[] {
  const policy = parse(text);
  if (!isObject(policy) || policy['Version'] !== '1') throw refusal('InvalidParameter.PolicyGrammar');
  const { Statement: statements } = policy;
  if (!Array.isArray(statements) || statements.length === 0) throw refusal('InvalidParameter.PolicyGrammar');
  return statements.map(readStatement);
}

function readStatement(statement: unknown): Statement {
  if (!isObject(statement)) throw refusal('InvalidParameter.PolicyGrammar');
  const { Effect, Action, Resource } = statement;
  if (Effect !== 'Allow' && Effect !== 'Deny') throw refusal('InvalidParameter.PolicyGrammar');
  return { isAllowed: Effect === 'Allow', actions: readTexts(Action), resources: readTexts(Resource) };
}

/** One text, or a list of some. */
function readTexts(value: unknown): readonly string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const texts = list.filter((one): one is string => typeof one === 'string' && one !== '');
  if (texts.length === 0 || texts.length !== list.length) throw refusal('InvalidParameter.PolicyGrammar');
  return texts;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refusal('InvalidParameter.PolicyGrammar');
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `*` stands for any text, `?` for any character; actions are the same in any letter case, and so are these resources. */
function fits(pattern: string, text: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll(/\*+/g, '.*').replaceAll('?', '.')}$`, 'is').test(text);
}
