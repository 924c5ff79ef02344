import { createHash } from 'node:crypto';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import type { RunningApp } from '@kms-secrets/testing/contracts';
import { expect, test } from 'vitest';
import { apps } from '../conformance/apps/all.ts';
import { steadyLoad } from '../support/steady-load.ts';
import type { LoadResponse } from '../support/steady-load.ts';
import { adapters } from './adapters.ts';
import type { VersionsRead } from './adapters.ts';

const load = { perSecond: 200, ms: 3_000 };
const rotations = 4;

/** Returns the responses of an app while KMS rotates the secret `db` several times. */
async function loadDuringRotations(
  start: (client: SecretClient) => Promise<RunningApp>,
  path: string,
): Promise<{ readonly responses: readonly LoadResponse[]; readonly hashes: ReadonlyMap<string, string> }> {
  await using kms = await startFakeKms({ quota: false });
  const hashes = new Map<string, string>();
  const rotate = (): void => {
    const value = `s3cret-${hashes.size}`;
    const versionId = hashes.size === 0 ? kms.put('db', value) : kms.rotate('db', { value });
    hashes.set(versionId, createHash('sha256').update(value).digest('hex'));
  };
  rotate();
  await using client = createSecretClient({ ...connectionOptions(kms), ttl: '1s', preload: ['db'] });
  await client.ready();
  const app = await start(client);
  const rotating = setInterval(
    () => {
      if (hashes.size <= rotations) rotate();
    },
    load.ms / rotations - 100,
  );
  try {
    return { responses: await steadyLoad(app.url + path, load), hashes };
  } finally {
    clearInterval(rotating);
    await app.close();
  }
}

function connectionOptions(kms: FakeKms): object {
  const endpoints = kms.endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath }));
  return { credentials: kms.accessKey, endpoints };
}

function expectAllSuccessful(responses: readonly LoadResponse[]): void {
  expect(responses.filter(({ status }) => status !== 200)).toEqual([]);
  expect(responses).toHaveLength((load.perSecond * load.ms) / 1_000);
}

test.each(adapters)('$name: no request fails or sees two versions during rotations', async ({ start }) => {
  const { responses } = await loadDuringRotations(start, '/');

  expectAllSuccessful(responses);
  const versionsRead = responses.map(({ text }) => JSON.parse(text) as VersionsRead);
  expect(versionsRead.filter((versions) => new Set(versions).size !== 1)).toEqual([]);
  expect(new Set(versionsRead.flat()).size).toBeGreaterThan(1);
});

test.each(apps)('$name: no request fails and each response has one version', async ({ start }) => {
  const { responses, hashes } = await loadDuringRotations(start, '/secrets/db');

  expectAllSuccessful(responses);
  const secrets = responses.map(({ text }) => JSON.parse(text) as { versionId: string; sha256: string });
  expect(secrets.filter(({ versionId, sha256 }) => hashes.get(versionId) !== sha256)).toEqual([]);
  expect(new Set(secrets.map(({ versionId }) => versionId)).size).toBeGreaterThan(1);
});
