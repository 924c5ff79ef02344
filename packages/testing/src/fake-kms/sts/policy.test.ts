import { expect, test } from 'vitest';

import { parsePolicy } from './policy.ts';

const arn = 'acs:kms:cn-hangzhou:1234567890123456:secret';

test.each([
  ['everything', { Effect: 'Allow', Action: '*', Resource: '*' }, true],
  ['the action by its name', { Effect: 'Allow', Action: ['kms:GetSecretValue'], Resource: `${arn}/db` }, true],
  ['the action in another letter case', { Effect: 'Allow', Action: 'KMS:getsecretvalue', Resource: '*' }, true],
  ['a wildcard', { Effect: 'Allow', Action: 'kms:Get*', Resource: ['x', 'acs:kms:*:*:secret/d?'] }, true],
  ['another action', { Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' }, false],
  ['another secret', { Effect: 'Allow', Action: '*', Resource: `${arn}/other` }, false],
  ['a prefix of the name', { Effect: 'Allow', Action: '*', Resource: `${arn}/d` }, false],
  ['a dot, which is not a wildcard', { Effect: 'Allow', Action: '*', Resource: `${arn}/.b` }, false],
  ['another region', { Effect: 'Allow', Action: '*', Resource: arn.replace('hangzhou', 'shanghai') }, false],
  ['a Deny', { Effect: 'Deny', Action: '*', Resource: '*' }, false],
])('evaluates %s', (...[, statement, isAllowed]) => {
  expect(parsePolicy(policyOf(statement))('db', 'cn-hangzhou')).toBe(isAllowed);
});

test('a Deny takes precedence over any Allow', () => {
  const allow = { Effect: 'Allow', Action: '*', Resource: '*' };
  const deny = { Effect: 'Deny', Action: 'kms:GetSecretValue', Resource: `${arn}/prod/*` };
  const canRead = parsePolicy(policyOf(allow, deny, allow));

  expect([canRead('db', 'cn-hangzhou'), canRead('prod/db', 'cn-hangzhou')]).toEqual([true, false]);
});

const valid = { Effect: 'Allow', Action: '*', Resource: '*' };
test.each([
  'not JSON',
  'null',
  '[]',
  '"text"',
  JSON.stringify({ Statement: [valid] }),
  JSON.stringify({ Version: '2', Statement: [valid] }),
  JSON.stringify({ Version: '1' }),
  policyOf(),
  policyOf(null),
  policyOf({ ...valid, Effect: 'allow' }),
  policyOf({ ...valid, Action: [] }),
  policyOf({ ...valid, Action: ['a', 1] }),
  policyOf({ ...valid, Resource: '' }),
  policyOf({ Effect: 'Allow', Action: '*' }),
])('rejects the policy %s', (text) => {
  expect(() => parsePolicy(text)).toThrow(
    expect.objectContaining({ status: 400, code: 'InvalidParameter.PolicyGrammar' }),
  );
});

function policyOf(...statements: readonly unknown[]): string {
  return JSON.stringify({ Version: '1', Statement: statements });
}
