import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';

const roleArn = 'acs:ram::1234567890123456:role/reader';

/**
 * 100 first reads in a new process: @alicloud/credentials has no option for a CA, and Node reads NODE_EXTRA_CA_CERTS only when
 * it starts.
 */
async function readInProcess(
  kms: FakeKms,
  identity: Readonly<Record<string, string>>,
): Promise<{ code: unknown; output: string }> {
  const program = `
    import { createSecretClient } from '@kms-secrets/core';
    // 100 concurrent handshakes take long on a busy machine.
    const client = createSecretClient({ retry: { maxAttempts: 1 }, connectTimeout: '90s', attemptTimeout: '90s', deadline: '90s' });
    const names = Array.from({ length: 100 }, (_, index) => 'name-' + index);
    await client.getMany(names).then(() => console.log('read'), ({ message }) => console.log(message));
    await client.close();`;
  const { cache_client_region_id: regions = '' } = kms.environment();
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: import.meta.dirname,
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_EXTRA_CA_CERTS: kms.caFilePath,
      cache_client_region_id: regions,
      ...identity,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 100_000,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [unknown];
  return { code, output };
}

async function kmsWithRole(): Promise<FakeKms> {
  const kms = await startFakeKms({ quota: false });
  onTestFinished(() => kms.close());
  for (let index = 0; index < 100; index += 1) kms.put(`name-${index}`, 's3cret-value');
  kms.sts.addRole({ arn: roleArn });
  return kms;
}

test('assumes a RAM role once for 100 concurrent first reads', async () => {
  const kms = await kmsWithRole();

  const { output } = await readInProcess(kms, {
    credentials_type: 'ram_role',
    credentials_access_key_id: kms.accessKey.accessKeyId,
    credentials_access_secret: kms.accessKey.accessKeySecret,
    credentials_role_arn: roleArn,
    credentials_role_session_name: 'reader',
    credentials_sts_endpoint: kms.sts.endpoint,
  });

  expect(output).toBe('read\n');
  expect(kms.sts.calls).toBe(1);
});

test('assumes a role with the token of an OIDC provider, as in Kubernetes', async () => {
  const kms = await kmsWithRole();
  const directory = await mkdtemp(join(tmpdir(), 'kms-secrets-oidc-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const providerArn = 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123';
  await writeFile(join(directory, 'token'), 's3cret-oidc-token');
  kms.sts.registerOidcToken({ providerArn, token: 's3cret-oidc-token' });

  const { output } = await readInProcess(kms, {
    credentials_type: 'oidc_role_arn',
    credentials_role_arn: roleArn,
    credentials_oidc_provider_arn: providerArn,
    credentials_oidc_token_file_path: join(directory, 'token'),
    credentials_role_session_name: 'reader',
    credentials_sts_endpoint: kms.sts.endpoint,
  });

  expect(output).toBe('read\n');
  expect(kms.sts.calls).toBe(1);
});

test('a refusal of STS is reported by its code, without credentials', async () => {
  const kms = await kmsWithRole();

  const { output } = await readInProcess(kms, {
    credentials_type: 'ram_role',
    credentials_access_key_id: kms.accessKey.accessKeyId,
    credentials_access_secret: kms.accessKey.accessKeySecret,
    credentials_role_arn: 'acs:ram::1234567890123456:role/missing',
    credentials_role_session_name: 'reader',
    credentials_sts_endpoint: kms.sts.endpoint,
  });

  expect(output).toContain('EntityNotExist.Role');
  expect(output.includes(kms.accessKey.accessKeyId)).toBe(false);
  expect(output.includes(kms.accessKey.accessKeySecret)).toBe(false);
});
