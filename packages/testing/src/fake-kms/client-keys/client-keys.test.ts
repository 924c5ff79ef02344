import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { createSecureContext } from 'node:tls';

import { expect, test } from 'vitest';

import { issueCertificate } from '../certificates/certificate.ts';
import { startFakeKms } from '../fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import { askAcs3, askRpc, askWithClientKey } from '../test-client.fixture.ts';
import type { TrialAnswer } from '../test-client.fixture.ts';

const db = { SecretName: 'db' };

test('the two files are as KMS gives them out, for their owner alone, and gone on close', async () => {
  const kms = await start();

  const key = kms.createClientKey({ gateway: 'shared' });
  const mode = [key.keyFile, key.passwordFile].map((file) => statSync(file).mode & 0o777);
  const { KeyId, PrivateKeyData, ...rest } = JSON.parse(readFileSync(key.keyFile, 'utf8')) as Record<string, string>;
  const password = readFileSync(key.passwordFile, 'utf8');
  await kms.close();

  expect([KeyId, PrivateKeyData, rest]).toEqual([key.keyId, key.privateKeyData, {}]);
  expect(key.json.startsWith('{"KeyId":"KAAP.')).toBe(true);
  expect(password).toBe(key.password);
  expect(basename(key.keyFile)).toBe(`clientKey_${key.keyId}.json`);
  expect(mode).toEqual([0o600, 0o600]);
  expect([existsSync(key.keyFile), existsSync(key.passwordFile)]).toEqual([false, false]);
});

test('the key file opens with its password and no other', async () => {
  await using kms = await start();
  const { privateKeyData, password } = kms.createClientKey({ gateway: 'shared', password: 'Chosen-0ne' });
  const pfx = Buffer.from(privateKeyData, 'base64');

  expect(password).toBe('Chosen-0ne');
  expect(() => createSecureContext({ pfx, passphrase: password })).not.toThrow();
  expect(() => createSecureContext({ pfx, passphrase: 'Another-0ne' })).toThrow('mac verify failure');
});

test('a client key reads over the shared gateway', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'shared' });

  const answers = [
    await askWithClientKey({ kms, parameters: db }, key),
    await askWithClientKey({ kms, parameters: { ...db, Format: 'XML' }, isForm: true }, key),
    await askWithClientKey({ kms, parameters: db, method: 'GET' }, key),
  ];

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(kms.requests[0]).toMatchObject({
    protocol: 'rpc-v1-client-key',
    accessKeyId: key.keyId,
    secretName: 'db',
    status: 200,
  });
});

test('a key that another KMS made is unknown until it is added, and then may do what it may there', async () => {
  await using kms = await start();
  await using other = await start();
  other.put('mail', 's3cret-mail');
  const key = kms.createClientKey({ gateway: 'shared', secrets: ['db'] });
  const ask = (name: string): Promise<TrialAnswer> =>
    askWithClientKey({ kms: other, parameters: { SecretName: name } }, key);

  const before = await ask('db');
  other.addClientKey(key);
  const after = [await ask('db'), await ask('mail')];

  expect(before.status).toBe(404);
  expect(after.map(({ status }) => status)).toEqual([200, 403]);
  expect(() => other.addClientKey({ ...key })).toThrow('Only what createClientKey() of a fake KMS returned');
});

test('a signature by another key, a text changed on the way and a nonce used before are refused', async () => {
  await using kms = await start();
  const [key, other] = [kms.createClientKey({ gateway: 'both' }), kms.createClientKey({ gateway: 'both' })];
  const again = { kms, parameters: db, nonce: 'again' };
  await askWithClientKey(again, key);

  const codes = [
    codeOf(await askWithClientKey({ kms, parameters: db }, { ...key, privateKey: other.privateKey })),
    codeOf(await askWithClientKey({ kms, parameters: db, after: { VersionId: 'v1' } }, key)),
    codeOf(await askWithClientKey(again, key)),
    codeOf(await askWithClientKey({ kms, parameters: db, securityToken: 'token' }, key)),
  ];

  expect(codes).toEqual([
    'SignatureDoesNotMatch',
    'SignatureDoesNotMatch',
    'SignatureNonceUsed',
    'InvalidSecurityToken.MismatchWithAccessKey',
  ]);
});

test('an HMAC with the id of a client key, and RSA with that of an access key, are refused', async () => {
  await using kms = await start();
  const { keyId, privateKey } = kms.createClientKey({ gateway: 'shared' });
  const key = { accessKeyId: keyId, accessKeySecret: 'anything' };

  const codes = [
    codeOf(await askRpc({ kms, parameters: db, key })),
    codeOf(await askAcs3({ kms, parameters: db, key })),
    codeOf(await askWithClientKey({ kms, parameters: db }, { keyId: kms.accessKey.accessKeyId, privateKey })),
  ];

  expect(codes).toEqual(['InvalidSignatureMethod', 'InvalidSignatureMethod', 'InvalidSignatureMethod']);
});

test('a key reads what its access point allows, and nothing is said of the rest', async () => {
  await using kms = await start();
  kms.put('other', 's3cret-other');
  const key = kms.createClientKey({ gateway: 'shared', secrets: ['db'] });
  const ask = async (SecretName: string): Promise<unknown> =>
    codeOf(await askWithClientKey({ kms, parameters: { SecretName } }, key));

  expect([await ask('db'), await ask('other'), await ask('nowhere')]).toEqual([
    undefined,
    'Forbidden.NoPermission',
    'Forbidden.NoPermission',
  ]);
});

test('a key for instances alone is forbidden on the shared gateway', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });

  expect(codeOf(await askWithClientKey({ kms, parameters: db }, key))).toBe('Forbidden.NoPermission');
});

test('a key expires by the clock of the fake, and can be disabled and removed before', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'shared', expiresAt: kms.clock.date() + 60_000 });
  const other = kms.createClientKey({ gateway: 'shared' });
  const ask = async (asked: typeof key): Promise<unknown> =>
    codeOf(await askWithClientKey({ kms, parameters: db }, asked));

  const before = await ask(key);
  kms.clock.pass(60_000);
  kms.disableAccessKey(other.keyId);
  const codes = [before, await ask(key), await ask(other)];
  kms.removeAccessKey(other.keyId);
  codes.push(await ask(other));

  expect(codes).toEqual([
    undefined,
    'InvalidAccessKeyId.NotFound',
    'InvalidAccessKeyId.Inactive',
    'InvalidAccessKeyId.NotFound',
  ]);
});

test.each(['short-1', 'onlyletters', '1234567890', 'a blank 1', 'ümlaut-12', `a1${'x'.repeat(63)}`])(
  'a password KMS would refuse (%#) is refused without being repeated',
  async (password) => {
    await using kms = await start();

    expect(() => kms.createClientKey({ gateway: 'shared', password })).toThrow(
      /^(?!.*1234567890)(?!.*onlyl).* 8 to 64/,
    );
  },
);

test('a certificate ends when its key does, before 2050 and after', () => {
  const endOf = (date: string): string => {
    const request = { name: 'KAAP.1', notBefore: Date.parse('2026-01-02T03:04:05Z'), notAfter: Date.parse(date) };
    const { der } = issueCertificate(request);
    return new Date(new X509Certificate(der).validTo).toISOString();
  };

  expect(endOf('2049-12-31T23:59:59Z')).toBe('2049-12-31T23:59:59.000Z');
  expect(endOf('2050-01-01T00:00:00Z')).toBe('2050-01-01T00:00:00.000Z');
});

async function start(): Promise<FakeKms> {
  const kms = await startFakeKms();
  kms.put('db', 's3cret-db');
  return kms;
}

function codeOf({ text }: TrialAnswer): string | undefined {
  return /"Code":"([^"]+)"/.exec(text)?.[1];
}
