import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { alicloudCredentials } from './alicloud.ts';

test('an access key is handed out as it was given', async () => {
  const provider = alicloudCredentials({ accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' });

  expect(await provider.getCredential()).toEqual({ accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' });
});

test('temporary credentials are handed out with their token', async () => {
  const pair = { accessKeyId: 'STS.FakeId', accessKeySecret: 's3cret-key', securityToken: 's3cret-token' };

  expect(await alicloudCredentials(pair).getCredential()).toEqual(pair);
});

test('every caller gets the same key', async () => {
  const provider = alicloudCredentials({ accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' });

  const [first, second] = await Promise.all([provider.getCredential(), provider.getCredential()]);

  expect(first).toEqual(second);
});

test.each([
  { accessKeyId: '', accessKeySecret: 's3cret-key' },
  { accessKeyId: 'FakeId', accessKeySecret: '' },
  { accessKeyId: 'FakeId', accessKeySecret: 's3cret-key', securityToken: '' },
])('an empty part is refused, not taken from the environment, and nothing is shown', async (pair) => {
  const error: unknown = await alicloudCredentials(pair)
    .getCredential()
    .catch((thrown: unknown) => thrown);

  expect(String(error)).toContain('@alicloud/credentials could not provide the access key');
  expect(inspect(error)).not.toMatch(/FakeId|s3cret-/u);
});

test('a provider shows nothing of its key when it is printed', async () => {
  const provider = alicloudCredentials({ accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' });
  await provider.getCredential();

  expect(inspect(provider, { depth: 9, showHidden: true }) + JSON.stringify(provider)).not.toMatch(/FakeId|s3cret-/u);
});
