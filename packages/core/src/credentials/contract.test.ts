import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@kms-secrets/testing';
import { describeCredentials } from '@kms-secrets/testing/contracts';
import type { CredentialsFixture } from '@kms-secrets/testing/contracts';
import { onTestFinished } from 'vitest';
import type { AlicloudIdentity } from './alicloud.ts';
import { alicloudCredentials } from './alicloud.ts';

const issued = {
  AccessKeyId: 'STS.FakeId',
  AccessKeySecret: 's3cret-sts',
  SecurityToken: 's3cret-token',
  Expiration: '2026-01-02T04:04:05Z',
};

/** Responds to the library in memory. For each identity, one of the requests returns credentials; only that one is counted. */
function openWorld(identity: AlicloudIdentity): CredentialsFixture {
  const clock = new FakeClock();
  let requests = 0;
  let isDenied = false;
  const provider = alicloudCredentials(identity, {
    clock,
    prepare: (library) =>
      Reflect.set(library, 'doRequest', ({ method }: { readonly method: string }) => {
        if (method === 'PUT') return Promise.resolve({ statusCode: 200, headers: {}, body: Buffer.from('token') });
        requests += 1;
        const body = isDenied
          ? { Code: 'NoPermission', Message: 's3cret-' }
          : { ...issued, Code: 'Success', Credentials: issued };
        const headers = { 'content-type': 'application/json' };
        return Promise.resolve({ statusCode: isDenied ? 403 : 200, headers, body: Buffer.from(JSON.stringify(body)) });
      }),
  });
  return {
    provider,
    requestCount: () => requests,
    startFailing() {
      isDenied = true;
      return clock.pass('1s');
    },
    stopFailing() {
      isDenied = false;
      return clock.pass('1s');
    },
  };
}

const roleArn = 'acs:ram::1:role/reader';

describeCredentials('RAM role', () =>
  openWorld({ type: 'ram_role', accessKeyId: 'FakeId', accessKeySecret: 's3cret-key', roleArn }),
);
describeCredentials('ECS role', () => openWorld({ type: 'ecs_ram_role', roleName: 'reader' }));
describeCredentials('OIDC role', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kms-secrets-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const oidcTokenFilePath = join(directory, 'token');
  writeFileSync(oidcTokenFilePath, 's3cret-token');
  return openWorld({
    type: 'oidc_role_arn',
    roleArn,
    oidcProviderArn: 'acs:ram::1:oidc-provider/ack',
    oidcTokenFilePath,
  });
});
describeCredentials('credentials URI', () =>
  openWorld({ type: 'credentials_uri', uri: 'http://127.0.0.1/credentials' }),
);
