import type { FakeKms } from '../fake-kms.ts';
import { startFakeKms } from '../start-fake-kms.ts';
import { encodeForm, sendAcs3, sendRaw, sendRpc } from '../test-client.fixture.ts';
import type { TestRequest, TestResponse } from '../test-client.fixture.ts';
import type { TemporaryCredentials } from './temporary-keys.ts';

type Fields = Readonly<Record<string, string | undefined>>;

export const arn = 'acs:ram::1234567890123456:role/reader';
export const providerArn = 'acs:ram::1234567890123456:oidc-provider/ack';

export async function start(options: Parameters<typeof startFakeKms>[0] = {}): Promise<FakeKms> {
  const kms = await startFakeKms(options);
  kms.put('db', 's3cret-db');
  kms.sts.addRole({ arn });
  return kms;
}

export function assumeRole(
  kms: FakeKms,
  change: Fields = {},
  request: Partial<TestRequest> = {},
): Promise<TestResponse> {
  const parameters = { Action: 'AssumeRole', Version: '2015-04-01', RoleArn: arn, RoleSessionName: 'session-1' };
  return sendRpc({ ...request, kms, url: kms.sts.url, beforeSigning: { ...parameters, ...change } });
}

export function assumeRoleWithOidc(kms: FakeKms, change: Fields = {}): Promise<TestResponse> {
  const parameters: Fields = {
    Action: 'AssumeRoleWithOIDC',
    Version: '2015-04-01',
    Format: 'JSON',
    OIDCProviderArn: providerArn,
    OIDCToken: 'FakeOidcToken1',
    RoleArn: arn,
    RoleSessionName: 'session-1',
    ...change,
  };
  const defined = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return sendRaw({ kms, url: kms.sts.url }, { query: '', headers, body: encodeForm(Object.fromEntries(defined)) });
}

export function readWith(kms: FakeKms, response: TestResponse, SecretName = 'db'): Promise<TestResponse> {
  const { AccessKeyId, AccessKeySecret, SecurityToken } = credentialsOf(response);
  const key = { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret };
  return sendAcs3({ kms, key, securityToken: SecurityToken, parameters: { SecretName } });
}

export function credentialsOf({ text }: TestResponse): TemporaryCredentials {
  return (JSON.parse(text) as { Credentials: TemporaryCredentials }).Credentials;
}

export function codeOf({ status, text }: TestResponse): [number, string | undefined] {
  return [status, /"Code":"([^"]+)"/.exec(text)?.[1]];
}
