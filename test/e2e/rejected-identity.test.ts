import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecretClientOptions } from '@kms-secrets/core';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';

interface Outcome {
  readonly versionId?: string;
  readonly stale?: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly dropped: readonly string[];
  /** The log lines at level `error`. */
  readonly errors: readonly string[];
  readonly identity: string;
}

interface Issuer {
  /** A word of the error, besides the role. */
  readonly expected: string;
  readonly fail: (kms: FakeKms) => void;
}

const roleArn = 'acs:ram::1234567890123456:role/reader';
const providerArn = 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123';

const stsError = (status: number, code: string): Issuer => ({
  expected: code,
  fail: (kms) => void kms.sts.fault({ kind: 'error', status, code }),
});

/** What may go wrong at STS, for both of its actions. */
const stsIssuers: readonly Issuer[] = [
  stsError(401, 'AuthenticationFail.OIDCToken.Expired'),
  stsError(401, 'AuthenticationFail.OIDCToken.HttpsUrlInvalid'),
  stsError(403, 'NoPermission'),
  stsError(404, 'EntityNotExist.Role'),
  stsError(404, 'InvalidAccessKeyId.NotFound'),
  stsError(400, 'SignatureDoesNotMatch'),
  {
    expected: 'status 403 and a body that is not',
    fail: (kms) => void kms.sts.fault({ kind: 'firewall', status: 403 }),
  },
];

const expiredAtMetadata: Issuer = {
  expected: 'returned credentials that have expired',
  fail: (kms) => kms.metadata.attachRole('FakeEcsRole', { lifetime: -60 }),
};
const forbiddenAtMetadata: Issuer = {
  expected: '100.100.100.200 responded with status 403',
  fail: (kms) => void kms.metadata.fault({ kind: 'firewall', status: 403 }),
};

const cases = [
  ...stsIssuers.map((issuer) => ['ram_role', issuer.expected, issuer] as const),
  ...stsIssuers.map((issuer) => ['oidc_role_arn', issuer.expected, issuer] as const),
  ['ecs_ram_role', expiredAtMetadata.expected, expiredAtMetadata] as const,
  ['ecs_ram_role', forbiddenAtMetadata.expected, forbiddenAtMetadata] as const,
];

test.each(cases)('%s: values and stores survive an issuer with: %s', async (...[type, , { expected, fail }]) => {
  const { kms, directory, send } = await start();
  await writeFile(join(directory, 'token'), 's3cret-oidc-token');
  const credentials = credentialsOf(type, { kms, tokenFile: join(directory, 'token') });
  const endpoints = kms.endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath }));
  const storePath = join(directory, 'store');
  const metadata = Number(new URL(kms.metadata.url).port);
  const first = await send({ open: { options: { credentials, endpoints }, storePath, metadata }, read: 'db' });
  const storedFiles = async (): Promise<number> => (await readdir(storePath)).length;
  await expect.poll(storedFiles).toBe(1);

  fail(kms);
  // KMS does not know the temporary key any more, so the client requests another one.
  kms.removeAccessKey(kms.requests.at(-1)?.accessKeyId ?? '');
  await expect.poll(() => send({ read: 'db' }), { timeout: 10_000 }).toMatchObject({ stale: true });
  const stale = await send({ read: 'db' });
  const unknown = await send({ read: 'never-read' });

  expect(first).toMatchObject({ versionId: 'v1', stale: false });
  expect(stale).toMatchObject({ versionId: 'v1', dropped: [] });
  expect(unknown.message).toContain(expected);
  expect(unknown.message).toContain(type === 'ecs_ram_role' ? 'FakeEcsRole' : roleArn);
  expect(await storedFiles()).toBe(1);
  if (expected === expiredAtMetadata.expected) return;
  expect(unknown.code).toBe('ERR_IDENTITY_REJECTED');
  expect(unknown.message).toContain('set by the option credentials');
  expect(unknown).toMatchObject({ identity: 'rejected', errors: [expect.stringContaining(expected)] });
});

function credentialsOf(
  type: (typeof cases)[number][0],
  { kms, tokenFile }: { readonly kms: FakeKms; readonly tokenFile: string },
): SecretClientOptions['credentials'] {
  const stsEndpoint = kms.sts.endpoint;
  switch (type) {
    case 'ram_role':
      return { type, ...kms.accessKey, roleArn, stsEndpoint };
    case 'oidc_role_arn':
      return { type, roleArn, oidcProviderArn: providerArn, oidcTokenFilePath: tokenFile, stsEndpoint };
    case 'ecs_ram_role':
      return { type, roleName: 'FakeEcsRole' };
    default:
      return type satisfies never;
  }
}

/** A KMS, and another process with a client. */
async function start() {
  const kms = await startFakeKms();
  kms.put('db', 's3cret-db', { versionId: 'v1' });
  kms.sts.addRole({ arn: roleArn });
  kms.sts.registerOidcToken({ providerArn, token: 's3cret-oidc-token' });
  const directory = await mkdtemp(join(tmpdir(), 'kms-secrets-rejected-'));
  const child = fork(join(import.meta.dirname, 'rejected-identity-process.mjs'), {
    env: { PATH: process.env['PATH'] ?? '', HOME: directory, NODE_EXTRA_CA_CERTS: kms.caFilePath },
    execArgv: [],
  });
  onTestFinished(async () => {
    const exit = once(child, 'exit');
    child.disconnect();
    await exit;
    await kms.close();
    await rm(directory, { recursive: true });
  });
  await once(child, 'message');
  const send = async (message: { readonly open?: object; readonly read: string }): Promise<Outcome> => {
    child.send(message);
    const [outcome] = (await once(child, 'message')) as [Outcome];
    return outcome;
  };
  return { kms, directory, send };
}
