import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { createSecureContext } from 'node:tls';

import { expect, test } from 'vitest';

import { issueCertificate } from '../certificates/certificate.ts';
import { startFakeKms } from '../start-fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import { sendAcs3, sendRpc, sendRpcWithClientKey } from '../test-client.fixture.ts';
import type { TestResponse } from '../test-client.fixture.ts';

const db = { SecretName: 'db' };

test('writes the two files of KMS, owner-only, and removes them on close', async () => {
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

test('encrypts the key file with the password', async () => {
  await using kms = await start();
  const { privateKeyData, password } = kms.createClientKey({ gateway: 'shared', password: 'Custom-pass1' });
  const pfx = Buffer.from(privateKeyData, 'base64');

  expect(password).toBe('Custom-pass1');
  expect(() => createSecureContext({ pfx, passphrase: password })).not.toThrow();
  expect(() => createSecureContext({ pfx, passphrase: 'Another-pass1' })).toThrow('mac verify failure');
});

test('reads a secret with a client key on the shared gateway', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'shared' });

  const responses = [
    await sendRpcWithClientKey({ kms, parameters: db }, key),
    await sendRpcWithClientKey({ kms, parameters: { ...db, Format: 'XML' }, isForm: true }, key),
    await sendRpcWithClientKey({ kms, parameters: db, method: 'GET' }, key),
  ];

  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(kms.requests[0]).toMatchObject({
    protocol: 'rpc-v1-client-key',
    accessKeyId: key.keyId,
    secretName: 'db',
    status: 200,
  });
});

test('addClientKey() registers a key of another fake with its permissions', async () => {
  await using kms = await start();
  await using other = await start();
  other.put('mail', 's3cret-mail');
  const key = kms.createClientKey({ gateway: 'shared', secrets: ['db'] });
  const read = (name: string): Promise<TestResponse> =>
    sendRpcWithClientKey({ kms: other, parameters: { SecretName: name } }, key);

  const before = await read('db');
  other.addClientKey(key);
  const after = [await read('db'), await read('mail')];

  expect(before.status).toBe(404);
  expect(after.map(({ status }) => status)).toEqual([200, 403]);
  expect(() => other.addClientKey({ ...key })).toThrow('accepts only an object that createClientKey()');
});

test('rejects foreign signatures, altered requests and reused nonces', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'both' });
  const other = kms.createClientKey({ gateway: 'both' });
  const repeated = { kms, parameters: db, nonce: 'repeated' };
  await sendRpcWithClientKey(repeated, key);

  const codes = [
    codeOf(await sendRpcWithClientKey({ kms, parameters: db }, { ...key, privateKey: other.privateKey })),
    codeOf(await sendRpcWithClientKey({ kms, parameters: db, afterSigning: { VersionId: 'v1' } }, key)),
    codeOf(await sendRpcWithClientKey(repeated, key)),
    codeOf(await sendRpcWithClientKey({ kms, parameters: db, securityToken: 'token' }, key)),
  ];

  expect(codes).toEqual([
    'SignatureDoesNotMatch',
    'SignatureDoesNotMatch',
    'SignatureNonceUsed',
    'InvalidSecurityToken.MismatchWithAccessKey',
  ]);
});

test('rejects HMAC with a client key and RSA with an access key', async () => {
  await using kms = await start();
  const { keyId, privateKey } = kms.createClientKey({ gateway: 'shared' });
  const key = { accessKeyId: keyId, accessKeySecret: 'anything' };

  const codes = [
    codeOf(await sendRpc({ kms, parameters: db, key })),
    codeOf(await sendAcs3({ kms, parameters: db, key })),
    codeOf(await sendRpcWithClientKey({ kms, parameters: db }, { keyId: kms.accessKey.accessKeyId, privateKey })),
  ];

  expect(codes).toEqual(['InvalidSignatureMethod', 'InvalidSignatureMethod', 'InvalidSignatureMethod']);
});

test('rejects secrets that the access point does not allow', async () => {
  await using kms = await start();
  kms.put('other', 's3cret-other');
  const key = kms.createClientKey({ gateway: 'shared', secrets: ['db'] });
  const read = async (SecretName: string): Promise<unknown> =>
    codeOf(await sendRpcWithClientKey({ kms, parameters: { SecretName } }, key));

  expect([await read('db'), await read('other'), await read('unknown')]).toEqual([
    undefined,
    'Forbidden.NoPermission',
    'Forbidden.NoPermission',
  ]);
});

test('rejects an instance key on the shared gateway', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });

  expect(codeOf(await sendRpcWithClientKey({ kms, parameters: db }, key))).toBe('Forbidden.NoPermission');
});

test('rejects expired, disabled and removed client keys', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'shared', expiresAt: kms.clock.date() + 60_000 });
  const other = kms.createClientKey({ gateway: 'shared' });
  const read = async (usedKey: typeof key): Promise<unknown> =>
    codeOf(await sendRpcWithClientKey({ kms, parameters: db }, usedKey));

  const before = await read(key);
  kms.clock.pass(60_000);
  kms.disableAccessKey(other.keyId);
  const codes = [before, await read(key), await read(other)];
  kms.removeAccessKey(other.keyId);
  codes.push(await read(other));

  expect(codes).toEqual([
    undefined,
    'InvalidAccessKeyId.NotFound',
    'InvalidAccessKeyId.Inactive',
    'InvalidAccessKeyId.NotFound',
  ]);
});

test.each(['short-1', 'onlyletters', '1234567890', 'a space 1', 'ümlaut-12', `a1${'x'.repeat(63)}`])(
  'rejects an invalid password (%#) without repeating it',
  async (password) => {
    await using kms = await start();

    expect(() => kms.createClientKey({ gateway: 'shared', password })).toThrow(
      /^(?!.*1234567890)(?!.*onlyl).* 8 to 64/,
    );
  },
);

test('encodes certificate expiry before and after 2050', () => {
  const expiryOf = (date: string): string => {
    const request = { name: 'KAAP.1', notBefore: Date.parse('2026-01-02T03:04:05Z'), notAfter: Date.parse(date) };
    const { der } = issueCertificate(request);
    return new Date(new X509Certificate(der).validTo).toISOString();
  };

  expect(expiryOf('2049-12-31T23:59:59Z')).toBe('2049-12-31T23:59:59.000Z');
  expect(expiryOf('2050-01-01T00:00:00Z')).toBe('2050-01-01T00:00:00.000Z');
});

async function start(): Promise<FakeKms> {
  const kms = await startFakeKms();
  kms.put('db', 's3cret-db');
  return kms;
}

function codeOf({ text }: TestResponse): string | undefined {
  return /"Code":"([^"]+)"/.exec(text)?.[1];
}
