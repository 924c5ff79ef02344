import { inNextRequest } from './next-request.fixture.ts';
import { createSecretClient, Secret } from '@kms-secrets/core';
import type { SecretTransport } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { getSecret, getSecretClient, SecretNotAllowedHereError } from './index.ts';
import { configureSecrets } from './process-client.ts';

let kms = new FakeTransport();

beforeEach(() => {
  kms = new FakeTransport();
  kms.put('db', 'v1');
  configureSecrets(createSecretClient({ endpoints: [kms] }));
});
afterEach(() => {
  Reflect.deleteProperty(globalThis, Symbol.for('@kms-secrets/next.client'));
  vi.unstubAllEnvs();
});

const versionOf = async (...args: Parameters<typeof getSecret>): Promise<string> =>
  (await getSecret(...args)).versionId;

async function rotate(name: string, versionId: string): Promise<void> {
  kms.put(name, versionId);
  await getSecretClient().refresh(name);
}

test('a request sees one version of a secret, and the next request the new one', async () => {
  const seen = await inNextRequest(async () => {
    const before = await versionOf('db');
    await rotate('db', 'v2');
    return [before, await versionOf('db')];
  });

  expect(seen).toEqual(['v1', 'v1']);
  expect(await inNextRequest(() => versionOf('db'))).toBe('v2');
});

test('two concurrent reads in a request see one version', async () => {
  const client = getSecretClient();
  const get = vi.spyOn(client, 'get');
  await client.get('db');
  get.mockImplementationOnce(async (...args) => {
    get.mockRestore();
    const old = await client.get(...args);
    await rotate('db', 'v2');
    await versionOf('db');
    return old;
  });

  const seen = await inNextRequest(async () => [await versionOf('db'), await versionOf('db')]);

  expect(seen).toEqual(['v2', 'v2']);
});

test('stages and versions of one secret in a request are not taken for each other', async () => {
  Reflect.deleteProperty(globalThis, Symbol.for('@kms-secrets/next.client'));
  const byStage: SecretTransport = {
    endpoint: 'kms.example',
    close: () => Promise.resolve(),
    fetch: async ({ name, stage, versionId = `of ${stage}` }) =>
      new Secret({ name, versionId, dataType: 'text', value: `s3cret-${versionId}` }),
  };
  configureSecrets(createSecretClient({ endpoints: [byStage] }));

  const seen = await inNextRequest(async () => [
    await versionOf('db'),
    await versionOf('db', { stage: 'blue' }),
    await versionOf('db', { stage: 'ACSPrevious' }),
    await versionOf('db', { versionId: 'blue' }),
    await versionOf('db', { stage: 'blue' }),
    await versionOf('db'),
  ]);

  expect(seen).toEqual(['of ACSCurrent', 'of blue', 'of ACSPrevious', 'blue', 'of blue', 'of ACSCurrent']);
});

test('a request keeps the version of a stage that it has seen', async () => {
  const seen = await inNextRequest(async () => {
    const before = await versionOf('db', { stage: 'blue' });
    kms.put('db', 'v2');
    await getSecretClient().invalidate('db');
    return [before, await versionOf('db', { stage: 'blue' }), await versionOf('db')];
  });

  expect(seen).toEqual(['v1', 'v1', 'v2']);
});

test.each([
  ['while next build renders a route', duringBuild, {}],
  ['while a route is rendered for the cache', () => {}, { forceStatic: true }],
  ['in unstable_cache', () => {}, { type: 'unstable-cache' }],
] as const)('refuses a read %s', async (_, prepare, request) => {
  prepare();

  const read = inNextRequest(() => getSecret('db'), request);

  await expect(read).rejects.toMatchObject({ code: 'ERR_SECRET_NOT_ALLOWED_HERE', secretName: 'db' });
  expect(kms.requests).toEqual([]);
});

function duringBuild(): void {
  vi.stubEnv('NEXT_PHASE', 'phase-production-build');
}

test('explains a read outside of a request, in the words of Next too', async () => {
  const error: unknown = await getSecret('db').catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(SecretNotAllowedHereError);
  expect(error).toMatchObject({
    message: expect.stringMatching(/^getSecret\("db"\) was called outside of a request\. .* Next says: .*connection/u),
    cause: expect.any(Error),
  });
});

test('a prerender that waits for a request reads nothing', async () => {
  const render = new AbortController();
  const read = inNextRequest(() => getSecret('db'), { type: 'prerender-runtime', renderSignal: render.signal });

  render.abort();

  await expect(read).rejects.toMatchObject({ digest: 'HANGING_PROMISE_REJECTION' });
  expect(kms.requests).toEqual([]);
});

test('passes on the exception that makes a prerendered route dynamic', async () => {
  const read = inNextRequest(() => getSecret('db'), { type: 'prerender-legacy' });

  await expect(read).rejects.toMatchObject({ digest: 'DYNAMIC_SERVER_USAGE' });
});
