import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@kms-secrets/testing';
import { describeCredentials } from '@kms-secrets/testing/contracts';
import type { CredentialsWorld } from '@kms-secrets/testing/contracts';
import { onTestFinished } from 'vitest';
import type { AlicloudIdentity } from './alicloud.ts';
import { alicloudCredentials } from './alicloud.ts';

const issued = {
  AccessKeyId: 'STS.FakeId',
  AccessKeySecret: 's3cret-sts',
  SecurityToken: 's3cret-token',
  Expiration: '2026-01-02T04:04:05Z',
};

/** The library asks a world that answers in memory; each identity makes one request of those that carry credentials. */
function worldOf(identity: AlicloudIdentity): CredentialsWorld {
  const clock = new FakeClock();
  let asked = 0;
  let isRefused = false;
  const provider = alicloudCredentials(identity, {
    clock,
    prepare: (library) =>
      Reflect.set(library, 'doRequest', ({ method }: { readonly method: string }) => {
        if (method === 'PUT') return Promise.resolve({ statusCode: 200, headers: {}, body: Buffer.from('token') });
        asked += 1;
        const body = isRefused
          ? { Code: 'NoPermission', Message: 's3cret-' }
          : { ...issued, Code: 'Success', Credentials: issued };
        const headers = { 'content-type': 'application/json' };
        return Promise.resolve({ statusCode: isRefused ? 403 : 200, headers, body: Buffer.from(JSON.stringify(body)) });
      }),
  });
  return {
    provider,
    asked: () => asked,
    refuse() {
      isRefused = true;
      return clock.pass('1s');
    },
    relent() {
      isRefused = false;
      return clock.pass('1s');
    },
  };
}

const roleArn = 'acs:ram::1:role/reader';

describeCredentials('a RAM role', () =>
  worldOf({ type: 'ram_role', accessKeyId: 'FakeId', accessKeySecret: 's3cret-key', roleArn }),
);
describeCredentials('the role of an ECS instance', () => worldOf({ type: 'ecs_ram_role', roleName: 'reader' }));
describeCredentials('a role by OIDC', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kms-secrets-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const oidcTokenFilePath = join(directory, 'token');
  writeFileSync(oidcTokenFilePath, 's3cret-token');
  return worldOf({
    type: 'oidc_role_arn',
    roleArn,
    oidcProviderArn: 'acs:ram::1:oidc-provider/ack',
    oidcTokenFilePath,
  });
});
describeCredentials('credentials from an address', () =>
  worldOf({ type: 'credentials_uri', uri: 'http://127.0.0.1/credentials' }),
);
