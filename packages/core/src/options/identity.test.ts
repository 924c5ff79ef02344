import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { parseIdentity } from './identity.ts';

const accessKey = { accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' };
const role = { ...accessKey, type: 'ram_role', roleArn: 'acs:ram::1:role/reader' };
const oidc = {
  type: 'oidc_role_arn',
  roleArn: 'acs:ram::1:role/reader',
  oidcProviderArn: 'acs:ram::1:oidc-provider/ack',
  oidcTokenFilePath: '/var/run/token',
};

function mistakes(value: unknown): string[] {
  const outcome = parseIdentity(value) ?? { issues: [{ at: '', expected: 'an object' }] };
  if (!('issues' in outcome)) return [];
  expect(inspect(outcome, { depth: 9 })).not.toContain('s3cret-');
  return outcome.issues.map(({ at = '', got = '', expected }) => `${at}|${got}|${expected}`);
}

test.each([
  [accessKey, { type: 'ak', ...accessKey }],
  [
    { ...accessKey, securityToken: 's3cret-t' },
    { type: 'sts', ...accessKey, securityToken: 's3cret-t' },
  ],
  [
    { type: 'ak', ...accessKey, accessKeyId: ' FakeId\n' },
    { type: 'ak', ...accessKey },
  ],
  [role, role],
  [
    { ...role, durationSeconds: '1800', vpc: 'true', stsEndpoint: 'https://sts.test:8443/', policy: '{"Version":"1"}' },
    { ...role, durationSeconds: 1_800, vpc: true, stsEndpoint: 'sts.test:8443', policy: '{"Version":"1"}' },
  ],
  [{ ...role, roleSessionName: undefined }, role],
  [{ type: 'ecs_ram_role' }, { type: 'ecs_ram_role' }],
  [
    { type: 'ecs_ram_role', roleName: 'r', disableIMDSv1: true },
    { type: 'ecs_ram_role', roleName: 'r', disableIMDSv1: true },
  ],
  [oidc, oidc],
  [
    { type: 'credentials_uri', uri: 'http://127.0.0.1/c' },
    { type: 'credentials_uri', uri: 'http://127.0.0.1/c' },
  ],
  [
    { type: 'client_key', clientKeyFile: 'k.json', passwordFromFilePath: 'p', password: '' },
    { type: 'client_key', clientKeyFile: 'k.json', passwordFromFilePath: 'p' },
  ],
  [
    { type: 'client_key', clientKeyContent: '{}' },
    { type: 'client_key', clientKeyContent: '{}' },
  ],
  [{ type: 'default' }, { type: 'default' }],
])('parses an identity, number %#', (given, identity) => {
  expect(parseIdentity(given)).toEqual({ value: identity });
});

test.each([
  [null, '||an object'],
  [{ type: 'rsa_key_pair' }, '.type||one of ak, sts, ram_role, ecs_ram_role, oidc_role_arn, credentials_uri, default'],
  [{ type: 'access_key' }, 'client_key; did you mean "ak"?'],
  [{ type: 'EcsRamRole' }, 'client_key; did you mean "ecs_ram_role"?'],
  [{ ...accessKey, accessKeyID: 's3cret-2' }, '.accessKeyID||one of type, accessKeyId, accessKeySecret; did you mean'],
  [{ type: 's3cret-1' }, '.type||one of ak'],
  [{ ...accessKey, type: 'sts' }, '.securityToken||a non-empty string'],
  [{ ...accessKey, accessKeySecret: 7 }, '.accessKeySecret||a non-empty string'],
  [{ ...accessKey, accessSecret: 's3cret-2' }, '.accessSecret||one of type, accessKeyId, accessKeySecret'],
  [{ ...role, roleArn: undefined }, '.roleArn||the ARN of a RAM role'],
  [{ ...role, roleArn: 'reader' }, '.roleArn|a string of 6 characters|the ARN of a RAM role'],
  [{ ...role, roleArn: 'acs:ram::1:user/reader' }, '.roleArn|"acs:ram::1:user/reader"|the ARN of a RAM role'],
  [{ ...role, roleSessionName: 'x' }, '.roleSessionName|a string of 1 characters|2 to 64 letters, digits and . @ - _'],
  [{ ...role, durationSeconds: 60 }, '.durationSeconds|60|a whole number from 900 to 43200'],
  [{ ...role, policy: 's3cret-policy' }, '.policy||a RAM policy in JSON'],
  [{ ...role, stsEndpoint: 'http://sts.test' }, '.stsEndpoint|"http://sts.test"|a host, with a port unless'],
  [{ ...role, vpc: 'yes' }, '.vpc|"yes"|true or false'],
  [
    { ...oidc, oidcTokenFilePath: '' },
    '.oidcTokenFilePath|a string of 0 characters|the path of a file with an OIDC token',
  ],
  [{ ...oidc, oidcProviderArn: 'x' }, '.oidcProviderArn|a string of 1 characters|the ARN of an OIDC provider'],
  [{ ...oidc, oidcProviderArn: undefined }, '.oidcProviderArn||the ARN of an OIDC provider'],
  [{ ...oidc, oidcTokenFilePath: undefined }, '.oidcTokenFilePath||the path of a file with an OIDC token'],
  [
    { ...role, roleArn: `acs:ram::1:user/${'r'.repeat(84)}` },
    `.roleArn|"acs:ram::1:user/${'r'.repeat(84)}"|the ARN of a RAM role`,
  ],
  [
    { ...role, roleArn: `acs:ram::1:user/${'r'.repeat(85)}` },
    '.roleArn|a string of 101 characters|the ARN of a RAM role',
  ],
  [{ type: 'credentials_uri', uri: 'ftp://s3cret-host' }, '.uri||a URL that starts with http:// or https://'],
  [{ type: 'default', roleName: 'r' }, '.roleName||one of type'],
  [{ ...accessKey, 's3cret-2': 'x' }, '||one of type, accessKeyId, accessKeySecret'],
  [{ type: 'client_key' }, '.clientKeyFile||the path of a client key file, or clientKeyContent'],
  [
    { type: 'client_key', clientKeyFile: 'k', clientKeyContent: 's3cret-k' },
    '.clientKeyContent||only one of clientKeyFile, clientKeyContent',
  ],
  [
    { type: 'client_key', clientKeyFile: 'k', password: 's3cret-p', passwordFromEnvVariable: 'P' },
    '.passwordFromEnvVariable||only one of password, passwordFromEnvVariable',
  ],
  [{ type: 'client_key', clientKeyFile: 'k', password: 12_345_678 }, '.password||a non-empty string'],
  [{ type: 'client_key', clientKeyFile: 'k', passwort: 's3cret-p' }, '.passwort||one of type, clientKeyFile'],
])('rejects an invalid identity, number %#', (given, mistake) => {
  expect(mistakes(given)).toEqual([expect.stringContaining(mistake)]);
});

test('accepts a provider of @alicloud/credentials and its client', async () => {
  const given = { getCredentials: () => Promise.resolve({ accessKeyId: 'FakeId' }), getProviderName: () => 'fake' };

  const outcome = parseIdentity(given);

  const provider = outcome !== undefined && 'value' in outcome ? outcome.value : undefined;
  expect(provider !== undefined && 'getCredential' in provider ? await provider.getCredential() : undefined).toEqual({
    accessKeyId: 'FakeId',
  });
});
