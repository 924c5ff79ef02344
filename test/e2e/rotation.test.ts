import { createHash } from 'node:crypto';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import type { RunningApp } from '@kms-secrets/testing/contracts';
import { expect, test } from 'vitest';
import { apps } from '../conformance/apps/all.ts';
import { steadyLoad } from '../support/steady-load.ts';
import type { Answered } from '../support/steady-load.ts';
import { adapters } from './adapters.ts';
import type { Seen } from './adapters.ts';

const load = { perSecond: 200, ms: 3_000 };
const rotations = 4;

/** What an app answers while KMS rotates the secret `db` several times, and the client follows by itself. */
async function throughRotations(
  start: (client: SecretClient) => Promise<RunningApp>,
  path: string,
): Promise<{ readonly answers: readonly Answered[]; readonly hashes: ReadonlyMap<string, string> }> {
  await using kms = await startFakeKms({ quota: false });
  const hashes = new Map<string, string>();
  const rotate = (): void => {
    const value = `s3cret-${hashes.size}`;
    const versionId = hashes.size === 0 ? kms.put('db', value) : kms.rotate('db', { value });
    hashes.set(versionId, createHash('sha256').update(value).digest('hex'));
  };
  rotate();
  await using client = createSecretClient({ ...asked(kms), ttl: '1s', preload: ['db'] });
  await client.ready();
  const app = await start(client);
  const rotating = setInterval(
    () => {
      if (hashes.size <= rotations) rotate();
    },
    load.ms / rotations - 100,
  );
  try {
    return { answers: await steadyLoad(app.url + path, load), hashes };
  } finally {
    clearInterval(rotating);
    await app.close();
  }
}

function asked(kms: FakeKms): object {
  const endpoints = kms.endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath }));
  return { credentials: kms.accessKey, endpoints };
}

/** All of the load was sent, and none of it failed. */
function expectAllAnswered(answers: readonly Answered[]): void {
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(answers).toHaveLength((load.perSecond * load.ms) / 1_000);
}

test.each(adapters)(
  '$name: through rotations at 200 requests a second none fails, and none sees two versions',
  async ({ start }) => {
    const { answers } = await throughRotations(start, '/');

    expectAllAnswered(answers);
    const seen = answers.map(({ text }) => JSON.parse(text) as Seen);
    expect(seen.filter((versions) => new Set(versions).size !== 1)).toEqual([]);
    expect(new Set(seen.flat()).size).toBeGreaterThan(1);
  },
);

test.each(apps)(
  '$name: through rotations at 200 requests a second none fails, and each answer is of one version',
  async ({ start }) => {
    const { answers, hashes } = await throughRotations(start, '/secrets/db');

    expectAllAnswered(answers);
    const told = answers.map(({ text }) => JSON.parse(text) as { versionId: string; sha256: string });
    expect(told.filter(({ versionId, sha256 }) => hashes.get(versionId) !== sha256)).toEqual([]);
    expect(new Set(told.map(({ versionId }) => versionId)).size).toBeGreaterThan(1);
  },
);
