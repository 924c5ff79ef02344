import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ramCredentials } from './index.ts';
import { Credential } from './library.ts';
import { name, ramSecret } from './ram-secret.fixture.ts';

describe('retrying()', () => {
  const deleted = (): Error => Object.assign(new Error('deleted'), { code: 'InvalidAccessKeyId.NotFound' });

  test('throws the error of the call if there is no newer key, after one refresh', async () => {
    const { secrets, kms } = ramSecret();
    const error = deleted();
    let calls = 0;

    const retried = ramCredentials(secrets, name).retrying(() => {
      calls += 1;
      return Promise.reject(error);
    });

    await expect(retried).rejects.toBe(error);
    expect(calls).toBe(1);
    expect(kms.requests.length).toBe(2);
  });

  test('calls at most twice', async () => {
    const { secrets, rotate } = ramSecret();
    const ram = ramCredentials(secrets, name);
    await ram.get();
    rotate(2);
    let calls = 0;

    const retried = ram.retrying(() => {
      calls += 1;
      return Promise.reject(deleted());
    });

    await expect(retried).rejects.toThrow('deleted');
    expect(calls).toBe(2);
  });

  test.each([
    ['another code', Object.assign(new Error('no'), { code: 'NoPermission' })],
    ['a shared code with another message', Object.assign(new Error('denied by policy'), { code: 'AccessDenied' })],
    ['a wrong signature', Object.assign(new Error('bad'), { code: 'SignatureDoesNotMatch' })],
    ['no error', 's3cret'],
    ['nothing', undefined],
  ])('refreshes nothing after %s', async (_, thrown) => {
    const { secrets, kms } = ramSecret();

    await expect(ramCredentials(secrets, name).retrying(() => Promise.reject(thrown as Error))).rejects.toBe(thrown);
    expect(kms.requests.length).toBe(1);
  });

  test('throws the error of the call while KMS is unavailable', async () => {
    const { secrets, kms } = ramSecret();
    const ram = ramCredentials(secrets, name);
    await ram.get();
    kms.fail('denied');

    await expect(ram.retrying(() => Promise.reject(deleted()))).rejects.toThrow('deleted');
  });
});

test.each([
  ['no JSON', 's3cret-plain'],
  ['a database account', '{"AccountName":"app","AccountPassword":"s3cret"}'],
  ['an empty key', '{"AccessKeyId":"","AccessKeySecret":"s3cret"}'],
  ['a number as key', '{"AccessKeyId":7,"AccessKeySecret":"s3cret"}'],
])('a secret with %s is an error that names it, and nothing of its value', async (_, value) => {
  const { secrets, kms } = ramSecret();
  kms.put(name, 'v1', { value });
  const ram = ramCredentials(secrets, name);

  const error: unknown = await ram.get().catch((reason: unknown) => reason);

  expect(error).toMatchObject({ code: 'ERR_NO_ACCESS_KEY', secretName: name });
  expect(String(error)).not.toMatch(/s3cret|AccountName/u);
  expect(() => ram.follow({ accessKeyID: 'x' })).toThrow('holds no access key');
});

test('refuses a client that it does not know', async () => {
  const { secrets } = ramSecret();
  const ram = ramCredentials(secrets, name);
  await ram.get();

  expect(() => ram.follow({})).toThrow('a client of ali-oss, tablestore, @alicloud/mns, @alicloud/pop-core');
});

test('reports all invalid arguments at once', () => {
  expect(() => ramCredentials({} as never, '', { stage: 7, stages: 'x' } as never)).toThrow(
    /client: .*\n.*name: .*\n.*options\.stage: .*\n.*options\.stages: unknown/u,
  );
});

test('shows no key when it is inspected, and stops following the secret when it is disposed of', async () => {
  const { secrets } = ramSecret();
  const ram = ramCredentials(secrets, name);
  await ram.get();
  expect(inspect(ram, { depth: 20 })).not.toMatch(/s3cret|LTAI/u);
  expect(JSON.stringify(ram)).not.toMatch(/s3cret|LTAI/u);
  expect(secrets.stats().pinned).toBe(1);

  ram.dispose();

  expect(secrets.stats().pinned).toBe(0);
});

test('is a Credential', async () => {
  const { secrets } = ramSecret();

  const ram = ramCredentials(secrets, name);

  expect(ram).toBeInstanceOf(Credential);
  expect(await ram.getCredential()).toMatchObject({ accessKeyId: 'LTAI1', accessKeySecret: 's3cret-1' });
  expect(await ram.getAccessKeyId()).toBe('LTAI1');
  expect(ram.getType()).toBe('kms_ram_secret');
});
