import { expect, test } from 'vitest';

import { readPolicy } from './policy.ts';

const arn = 'acs:kms:cn-hangzhou:1234567890123456:secret';

test.each([
  ['everything', { Effect: 'Allow', Action: '*', Resource: '*' }, true],
  ['the action by its name', { Effect: 'Allow', Action: ['kms:GetSecretValue'], Resource: `${arn}/db` }, true],
  ['the action in other letters', { Effect: 'Allow', Action: 'KMS:getsecretvalue', Resource: '*' }, true],
  ['actions by a pattern', { Effect: 'Allow', Action: 'kms:Get*', Resource: ['x', 'acs:kms:*:*:secret/d?'] }, true],
  ['another action', { Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' }, false],
  ['another secret', { Effect: 'Allow', Action: '*', Resource: `${arn}/other` }, false],
  ['a part of the name', { Effect: 'Allow', Action: '*', Resource: `${arn}/d` }, false],
  ['a dot that is no pattern', { Effect: 'Allow', Action: '*', Resource: `${arn}/.b` }, false],
  ['another region', { Effect: 'Allow', Action: '*', Resource: arn.replace('hangzhou', 'shanghai') }, false],
  ['a denial', { Effect: 'Deny', Action: '*', Resource: '*' }, false],
])('%s', (...[, statement, isAllowed]) => {
  expect(readPolicy(policyOf(statement))('db', 'cn-hangzhou')).toBe(isAllowed);
});

test('one denial outweighs every permission', () => {
  const allow = { Effect: 'Allow', Action: '*', Resource: '*' };
  const deny = { Effect: 'Deny', Action: 'kms:GetSecretValue', Resource: `${arn}/prod/*` };
  const rights = readPolicy(policyOf(allow, deny, allow));

  expect([rights('db', 'cn-hangzhou'), rights('prod/db', 'cn-hangzhou')]).toEqual([true, false]);
});

const fine = { Effect: 'Allow', Action: '*', Resource: '*' };
test.each([
  'no JSON',
  'null',
  '[]',
  '"text"',
  JSON.stringify({ Statement: [fine] }),
  JSON.stringify({ Version: '2', Statement: [fine] }),
  JSON.stringify({ Version: '1' }),
  policyOf(),
  policyOf(null),
  policyOf({ ...fine, Effect: 'allow' }),
  policyOf({ ...fine, Action: [] }),
  policyOf({ ...fine, Action: ['a', 1] }),
  policyOf({ ...fine, Resource: '' }),
  policyOf({ Effect: 'Allow', Action: '*' }),
])('%s is no policy', (text) => {
  expect(() => readPolicy(text)).toThrow(
    expect.objectContaining({ status: 400, code: 'InvalidParameter.PolicyGrammar' }),
  );
});

function policyOf(...statements: readonly unknown[]): string {
  return JSON.stringify({ Version: '1', Statement: statements });
}
