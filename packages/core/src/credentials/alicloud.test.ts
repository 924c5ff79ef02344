import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { FakeClock } from '@kms-secrets/testing';
import type { AlicloudIdentity } from './alicloud.ts';
import { alicloudCredentials } from './alicloud.ts';

const options = { clock: new FakeClock() };

test('returns an access key unchanged', async () => {
  const provider = alicloudCredentials({ type: 'ak', accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' }, options);

  expect(await provider.getCredential()).toEqual({ accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' });
});

test('returns temporary credentials with their token', async () => {
  const pair = { accessKeyId: 'STS.FakeId', accessKeySecret: 's3cret-key', securityToken: 's3cret-token' };

  expect(await alicloudCredentials({ type: 'sts', ...pair }, options).getCredential()).toEqual(pair);
});

test('returns the same access key to every caller', async () => {
  const provider = alicloudCredentials({ type: 'ak', accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' }, options);

  const [first, second] = await Promise.all([provider.getCredential(), provider.getCredential()]);

  expect(first).toEqual(second);
});

test.each<AlicloudIdentity>([
  { type: 'ak', accessKeyId: '', accessKeySecret: 's3cret-key' },
  { type: 'ak', accessKeyId: 'FakeId', accessKeySecret: '' },
  { type: 'sts', accessKeyId: 'FakeId', accessKeySecret: 's3cret-key', securityToken: '' },
])('rejects an empty value instead of reading it from the environment', async (pair) => {
  const error: unknown = await alicloudCredentials(pair, options)
    .getCredential()
    .catch((thrown: unknown) => thrown);

  expect(String(error)).toContain('is empty');
  expect(inspect(error)).not.toMatch(/FakeId|s3cret-/u);
});

test('does not show the access key when the provider is printed', async () => {
  const provider = alicloudCredentials({ type: 'ak', accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' }, options);
  await provider.getCredential();

  expect(inspect(provider, { depth: 9, showHidden: true }) + JSON.stringify(provider)).not.toMatch(/FakeId|s3cret-/u);
});
