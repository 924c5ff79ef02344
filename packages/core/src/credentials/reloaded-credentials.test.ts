import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { CredentialsProvider } from '../ports/credentials.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { AlicloudIdentity } from './alicloud.ts';
import { reloadedCredentials } from './reloaded-credentials.ts';

function role(accessKeyId: string): AlicloudIdentity {
  return { type: 'ram_role', accessKeyId, accessKeySecret: 's3cret', roleArn: 'acs:ram::1:role/reader' };
}

/** Credentials of a role, whose access key is in `file`. STS accepts the keys in `valid`. */
function setUp() {
  const file = { identity: role('first') };
  const valid = new Set(['first', 'second']);
  const requests: string[] = [];
  const create = (identity: AlicloudIdentity): CredentialsProvider => ({
    async getCredential() {
      const accessKeyId = 'accessKeyId' in identity ? identity.accessKeyId : '';
      requests.push(accessKeyId);
      if (valid.has(accessKeyId)) return { accessKeyId: `STS.${accessKeyId}`, accessKeySecret: 's3cret' };
      throw new FetchFailure('identity', 'STS rejected it.', { code: 'InvalidAccessKeyId.NotFound' });
    },
    discard: () => true,
  });
  let replacements = 0;
  const provider = reloadedCredentials({
    identity: file.identity,
    create,
    read: () => file.identity,
    clock: new FakeClock(),
    onReplaced: () => (replacements += 1),
  });
  return { file, valid, requests, provider, replacementCount: () => replacements };
}

test('reads the file again if STS rejects the access key in it', async () => {
  const { file, valid, requests, provider, replacementCount } = setUp();
  await provider.getCredential();
  file.identity = role('second');
  valid.delete('first');

  expect(await provider.getCredential()).toMatchObject({ accessKeyId: 'STS.second' });
  expect(requests).toEqual(['first', 'first', 'second']);
  expect(replacementCount()).toBe(1);
});

test('passes the rejection on if the file has not changed', async () => {
  const { valid, requests, provider } = setUp();
  valid.clear();

  await expect(provider.getCredential()).rejects.toMatchObject({ code: 'InvalidAccessKeyId.NotFound' });
  expect(requests).toEqual(['first']);
});

test('leaves temporary credentials of an unchanged file to their provider', () => {
  expect(setUp().provider.discard?.('STS.first')).toBe(true);
});

test('an access key of an earlier content of the file has been replaced, the current one has not', () => {
  const identity: AlicloudIdentity = { type: 'ak', accessKeyId: 'second', accessKeySecret: 's3cret' };
  const provider = reloadedCredentials({
    identity,
    create: () => ({ getCredential: async () => Promise.resolve({ ...identity }) }),
    read: () => identity,
    clock: new FakeClock(),
    onReplaced: () => {},
  });

  expect([provider.discard?.('first'), provider.discard?.('second')]).toEqual([true, false]);
});
