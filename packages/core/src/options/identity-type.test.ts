import { expect, test } from 'vitest';
import { suggestIdentityType } from './identity-type.ts';

const types = ['ak', 'sts', 'ram_role', 'ecs_ram_role', 'oidc_role_arn', 'client_key'];

test.each([
  ['access_key', 'ak'],
  ['AccessKey', 'ak'],
  ['AK', 'ak'],
  ['StsToken', 'sts'],
  ['ram_role_arn', 'ram_role'],
  ['RamRoleArn', 'ram_role'],
  ['EcsRamRole', 'ecs_ram_role'],
  ['ECS', 'ecs_ram_role'],
  ['oidc_role', undefined],
  ['OIDC', 'oidc_role_arn'],
  ['rsa_key_pair', 'client_key'],
  ['clientkey', 'client_key'],
  ['credentials_uri', undefined],
  ['s3cret-key', undefined],
])('suggests for %s the type %s', (type, suggested) => {
  expect(suggestIdentityType(type, types)).toBe(suggested);
});
