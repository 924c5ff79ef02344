import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, test } from 'vitest';

/**
 * The fake KMS must not be stricter than KMS: it must accept the SDKs of Alibaba Cloud, which KMS accepts.
 *
 * Each SDK runs in its own process. The older one has no option for a CA, and Node reads NODE_EXTRA_CA_CERTS only when it
 * starts. The newer one has an option for the CA, and is started without that variable to prove it. They print a hash and an
 * error code, never the value.
 */
const prelude = `
  import { createHash } from 'node:crypto';
  import { createRequire } from 'node:module';
  const sdk = createRequire(import.meta.url)(process.env.SDK);
  const [endpoint, accessKeyId, accessKeySecret, securityToken, ca] = JSON.parse(process.env.REQUEST);
  const timeouts = { connectTimeout: 50_000, readTimeout: 50_000 }; // 3 s are too short for a busy machine
  const show = (response) => {
    const hash = createHash('sha256').update(response.SecretData ?? response.secretData).digest('hex');
    console.log(JSON.stringify({ hash, versionId: response.VersionId ?? response.versionId }));
  };
  const showError = (error) => console.log(JSON.stringify({ code: String(error.code) }));
`;

const rpcClient = `${prelude}
  const { default: Client, GetSecretValueRequest } = sdk;
  const type = securityToken === '' ? 'access_key' : 'sts';
  const client = new Client({ type, accessKeyId, accessKeySecret, securityToken, endpoint, ...timeouts });
  await client.getSecretValue(new GetSecretValueRequest({ secretName: 'prod/db!1' })).then(show, showError);
`;

const acs3Client = `${prelude}
  const { default: Client, $OpenApiUtil } = sdk;
  const type = securityToken === '' ? 'access_key' : 'sts';
  const config = { type, accessKeyId, accessKeySecret, securityToken, endpoint, ca, ...timeouts };
  const client = new Client(new $OpenApiUtil.Config(config));
  const params = new $OpenApiUtil.Params({
    action: 'GetSecretValue', version: '2016-01-20', protocol: 'HTTPS', method: 'POST', pathname: '/', authType: 'AK',
    style: 'RPC', reqBodyType: 'json', bodyType: 'json',
  });
  const request = new $OpenApiUtil.OpenApiRequest({ query: { SecretName: 'prod/db!1', FetchExtendedConfig: 'true' } });
  await client.callApi(params, request, {}).then(({ body }) => show(body), showError);
`;

const require = createRequire(import.meta.url);

const clients = [
  {
    name: '@alicloud/kms20160120',
    sdk: require.resolve('@alicloud/kms20160120'),
    protocol: 'rpc-v1',
    script: rpcClient,
    needsExtraCa: true,
  },
  {
    name: '@alicloud/openapi-core',
    sdk: require.resolve('@alicloud/openapi-core'),
    protocol: 'acs3',
    script: acs3Client,
    needsExtraCa: false,
  },
];

test.each(clients)('$name reads a secret', async ({ protocol, ...client }) => {
  await using kms = await startFakeKms();
  const versionId = kms.put('prod/db!1', 's3cret-数据 +/');

  const result = await run(client, kms, kms.accessKey);

  expect(result).toEqual({ versionId, hash: createHash('sha256').update('s3cret-数据 +/').digest('hex') });
  expect(kms.requests).toMatchObject([{ protocol, secretName: 'prod/db!1', status: 200 }]);
  expect(kms.badCertificateRequests).toBe(0);
});

test.each(clients)('$name reads a secret with a temporary key', async (client) => {
  await using kms = await startFakeKms();
  const versionId = kms.put('prod/db!1', 's3cret-one');
  const key = { accessKeyId: 'STS.FakeStsKeyId', accessKeySecret: 'FakeStsSecret', securityToken: 'CAISfake+/= token' };
  kms.addStsKey({ ...key, expiresAt: kms.clock.date() + 60_000 });

  const result = await run(client, kms, key);

  expect(result).toMatchObject({ versionId });
});

test.each(clients)('$name gets SignatureDoesNotMatch for a wrong secret key', async ({ protocol, ...client }) => {
  await using kms = await startFakeKms();
  kms.put('prod/db!1', 's3cret-one');

  const result = await run(client, kms, { ...kms.accessKey, accessKeySecret: 'FakeWrongSecret' });

  expect(result.code).toMatch(/^SignatureDoesNotMatch/);
  expect(kms.requests).toMatchObject([{ protocol, status: 400, code: 'SignatureDoesNotMatch' }]);
});

test.each(clients)('$name gets Forbidden.ResourceNotFound for a missing secret', async (client) => {
  await using kms = await startFakeKms();

  const result = await run(client, kms, kms.accessKey);

  expect(result.code).toMatch(/^Forbidden\.ResourceNotFound/);
});

interface Key {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
}

interface Result {
  readonly hash?: string;
  readonly versionId?: string;
  readonly code?: string;
}

interface Client {
  readonly sdk: string;
  readonly script: string;
  readonly needsExtraCa: boolean;
}

async function run({ sdk, script, needsExtraCa }: Client, kms: FakeKms, key: Key): Promise<Result> {
  const { endpoint } = kms.endpoint('cn-hangzhou');
  const request = [endpoint, key.accessKeyId, key.accessKeySecret, key.securityToken ?? '', kms.caPem];
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    env: { SDK: sdk, REQUEST: JSON.stringify(request), ...(needsExtraCa && { NODE_EXTRA_CA_CERTS: kms.caFilePath }) },
  });
  return JSON.parse(stdout) as Result; // printed by the scripts above
}
