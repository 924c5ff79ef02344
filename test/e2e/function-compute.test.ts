import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { handler, initialize, preStop } from './function.ts';

// The recipe of docs/function-compute.md, called as Function Compute calls it.

const region = 'cn-hangzhou';
const hour = 3_600_000;
const now = Date.now;
let kms: FakeKms;

/** The context of a call: temporary credentials of the role of the function. */
function issueContext(accessKeyId: string): Parameters<typeof initialize>[0] {
  const credentials = {
    accessKeyId,
    accessKeySecret: `s3cret-${accessKeyId}`,
    securityToken: `s3cret-token-${accessKeyId}`,
  };
  kms.addStsKey({ ...credentials, expiresAt: Date.now() + hour });
  return { credentials };
}

/** The process does not run for this time (ms): its date is later, its monotonic clock has stood still, and no timer has fired. */
async function freeze(ms: number): Promise<void> {
  const before = Date.now;
  Date.now = () => before() + ms;
  await setImmediate(); // the next call is an event of its own
}

const call = async (context: Parameters<typeof initialize>[0]): Promise<unknown> =>
  JSON.parse(await handler(undefined, context));
const signers = (): readonly (string | undefined)[] => kms.requests.map(({ accessKeyId }) => accessKeyId);

beforeEach(async () => {
  kms = await startFakeKms({ regions: [region] });
  kms.put('prod/db', 's3cret-1', { versionId: 'v1' });
  vi.stubEnv('cache_client_region_id', kms.environment()['cache_client_region_id']);
});

afterEach(async () => {
  await preStop();
  await kms.close();
  vi.unstubAllEnvs();
  Date.now = now;
});

describe('a function of Function Compute', () => {
  test('reads the secret in its initializer, and serves calls from memory', async () => {
    const context = issueContext('STS.1');
    await initialize(context);

    expect(await call(context)).toEqual({ version: 'v1', stale: false });
    expect(await call(context)).toEqual({ version: 'v1', stale: false });
    expect(signers()).toEqual(['STS.1']);
  });

  test('uses the credentials of the newest call after a freeze in which the first ones expired', async () => {
    await initialize(issueContext('STS.1'));
    kms.put('prod/db', 's3cret-2', { versionId: 'v2' });
    await freeze(2 * hour);

    expect(await call(issueContext('STS.2'))).toEqual({ version: 'v2', stale: false });
    expect(signers()).toEqual(['STS.1', 'STS.2']);
  });

  test('sends one request for concurrent calls after a freeze', async () => {
    await initialize(issueContext('STS.1'));
    await freeze(2 * hour);
    const context = issueContext('STS.2');

    await Promise.all(Array.from({ length: 10 }, () => call(context)));

    expect(signers()).toEqual(['STS.1', 'STS.2']);
  });

  test('serves the stale value after a freeze while KMS is unavailable', async () => {
    await initialize(issueContext('STS.1'));
    kms.fault({ kind: 'error', status: 503, code: 'ServiceUnavailableTemporary' });
    await freeze(2 * hour);

    expect(await call(issueContext('STS.2'))).toEqual({ version: 'v1', stale: true });
  });

  test('fails its initializer if the role may not read the secret', async () => {
    kms.deny('prod/db');

    await expect(initialize(issueContext('STS.1'))).rejects.toMatchObject({ code: 'ERR_SECRET_SET' });
  });
});
