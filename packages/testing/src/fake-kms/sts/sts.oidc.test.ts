import { expect, test } from 'vitest';

import { arn, assumeRoleWithOidc, codeOf, providerArn, readWith, start } from './sts.fixture.ts';

test('AssumeRoleWithOIDC accepts a registered token, unsigned', async () => {
  await using kms = await start();
  kms.sts.registerOidcToken({ providerArn, token: 'FakeOidcToken1' });

  const response = await assumeRoleWithOidc(kms);

  expect(codeOf(response)).toEqual([200, undefined]);
  expect(response.text).toContain('"OIDCTokenInfo"');
  expect(codeOf(await readWith(kms, response))).toEqual([200, undefined]);
});

test.each([
  ['a missing provider', { OIDCProviderArn: undefined }, 400, 'MissingOIDCProviderArn'],
  ['a missing token', { OIDCToken: undefined }, 400, 'MissingOIDCToken'],
  ['an empty token', { OIDCToken: '' }, 400, 'MissingOIDCToken'],
  ['a missing version', { Version: undefined }, 400, 'MissingVersion'],
  ['another version', { Version: '2016-01-20' }, 404, 'InvalidVersion'],
  ['XML', { Format: 'XML' }, 400, 'InvalidParameter.Format'],
  ['a missing role', { RoleArn: undefined }, 400, 'MissingRoleArn'],
  ['an unknown role', { RoleArn: `${arn}2` }, 404, 'EntityNotExist.Role'],
  ['an unknown provider', { OIDCProviderArn: `${providerArn}2` }, 404, 'EntityNotExist.OIDCProvider'],
  ['another token', { OIDCToken: 'FakeOidcToken1\n' }, 401, 'AuthenticationFail.OIDCToken.Invalid'],
] as const)('AssumeRoleWithOIDC rejects %s', async (...[, change, status, code]) => {
  await using kms = await start();
  kms.sts.registerOidcToken({ providerArn, token: 'FakeOidcToken1' });

  const response = await assumeRoleWithOidc(kms, change);

  expect(codeOf(response)).toEqual([status, code]);
  expect(response.text).not.toContain('FakeOidcToken1');
});

test('rejects an expired and a replaced OIDC token', async () => {
  await using kms = await start();
  kms.sts.registerOidcToken({ providerArn, token: 'FakeOidcToken1', expiresAt: kms.clock.date() + 60_000 });
  kms.clock.pass(60_000);
  const expired = codeOf(await assumeRoleWithOidc(kms));
  kms.sts.registerOidcToken({ providerArn, token: 'FakeOidcToken2' });

  expect(expired).toEqual([401, 'AuthenticationFail.OIDCToken.Expired']);
  expect(codeOf(await assumeRoleWithOidc(kms))[1]).toBe('AuthenticationFail.OIDCToken.Invalid');
  expect(codeOf(await assumeRoleWithOidc(kms, { OIDCToken: 'FakeOidcToken2' }))[0]).toBe(200);
});
