import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { FakeClock } from '@kms-secrets/testing';
import type { AlicloudIdentity } from './alicloud.ts';
import { alicloudCredentials } from './alicloud.ts';

const parts = { clock: new FakeClock() };

test('an access key is handed out as it was given', async () => {
  const provider = alicloudCredentials({ type: 'ak', accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' }, parts);

  expect(await provider.getCredential()).toEqual({ accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' });
});

test('temporary credentials are handed out with their token', async () => {
  const pair = { accessKeyId: 'STS.FakeId', accessKeySecret: 's3cret-key', securityToken: 's3cret-token' };

  expect(await alicloudCredentials({ type: 'sts', ...pair }, parts).getCredential()).toEqual(pair);
});

test('every caller gets the same key', async () => {
  const provider = alicloudCredentials({ type: 'ak', accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' }, parts);

  const [first, second] = await Promise.all([provider.getCredential(), provider.getCredential()]);

  expect(first).toEqual(second);
});

test.each<AlicloudIdentity>([
  { type: 'ak', accessKeyId: '', accessKeySecret: 's3cret-key' },
  { type: 'ak', accessKeyId: 'FakeId', accessKeySecret: '' },
  { type: 'sts', accessKeyId: 'FakeId', accessKeySecret: 's3cret-key', securityToken: '' },
])('an empty part is refused, not taken from the environment, and nothing is shown', async (pair) => {
  const error: unknown = await alicloudCredentials(pair, parts)
    .getCredential()
    .catch((thrown: unknown) => thrown);

  expect(String(error)).toContain('is empty');
  expect(inspect(error)).not.toMatch(/FakeId|s3cret-/u);
});

test('a provider shows nothing of its key when it is printed', async () => {
  const provider = alicloudCredentials({ type: 'ak', accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' }, parts);
  await provider.getCredential();

  expect(inspect(provider, { depth: 9, showHidden: true }) + JSON.stringify(provider)).not.toMatch(/FakeId|s3cret-/u);
});
