import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ClientKey } from '../ports/credentials.ts';
import { openClientKey } from './client-key.ts';
import { ClientKeyError } from './client-key-error.ts';

interface Vectors {
  readonly key: {
    readonly keyId: string;
    readonly password: string;
    readonly privateKeyPkcs8DerBase64: string;
    readonly certificateDerBase64: string;
  };
  readonly pkcs12: readonly { readonly file: string; readonly clientKeyFile: { readonly PrivateKeyData: string } }[];
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
}

const { key, pkcs12 } = readJson('client-key-vectors.json') as Vectors;
const shapes = new Map(
  Object.entries((readJson('client-key-shapes.json') as { readonly files: Record<string, string> }).files),
);
const { keyId, password } = key;
const publicKey = createPublicKey(
  createPrivateKey({ key: Buffer.from(key.privateKeyPkcs8DerBase64, 'base64'), format: 'der', type: 'pkcs8' }),
);

/** The end date of the certificate in the vectors, from `openssl x509 -enddate`. */
const expiresAt = Date.UTC(2036, 10, 20, 20, 2, 45);

function fileWith(data: string | undefined): string {
  return JSON.stringify({ KeyId: keyId, PrivateKeyData: data ?? '' });
}

function open(shape: string, withPassword: string = password): ClientKey {
  return openClientKey({ json: fileWith(shapes.get(shape)), password: withPassword });
}

function errorOf(file: { readonly json: string; readonly password: string }): ClientKeyError {
  try {
    openClientKey(file);
  } catch (error) {
    if (error instanceof ClientKeyError) return error;
    throw error;
  }
  throw new Error('expected a ClientKeyError');
}

async function signsWithVectorKey(clientKey: ClientKey): Promise<boolean> {
  const signature = await clientKey.sign('POST\n数据');
  return verify('sha256', Buffer.from('POST\n数据'), publicKey, Buffer.from(signature, 'base64'));
}

test.each(pkcs12)('opens $file and signs with its key', async ({ clientKeyFile }) => {
  const clientKey = openClientKey({ json: JSON.stringify(clientKeyFile), password });

  expect(clientKey.keyId).toBe(keyId);
  expect(await signsWithVectorKey(clientKey)).toBe(true);
});

test.each(pkcs12)('reports a wrong password for $file', ({ clientKeyFile }) => {
  const error = errorOf({ json: JSON.stringify(clientKeyFile), password: 's3cret-wrong' });

  expect(error.message).toContain('the password is wrong');
  expect(error.message).not.toContain('s3cret-');
});

test.each(['plain-no-mac', 'aes256-no-mac', 'aes128-sha1-mac', 'aes192-3des-sha512-mac', '2des', 'chain', 'ca-first'])(
  'opens a file of shape %s and reads its expiry',
  async (shape) => {
    const clientKey = open(shape);

    expect(clientKey.expiresAt).toBe(expiresAt);
    expect(await signsWithVectorKey(clientKey)).toBe(true);
  },
);

test.each([
  ['legacy-gopkcs12-shape.p12'],
  ['legacy-openssl-rc2-3des.p12'],
  ['legacy-openssl-3des-3des.p12'],
  ['modern-openssl3-pbes2-aes256.p12'],
])('reads the expiry of %s', (file) => {
  const vector = pkcs12.find((candidate) => candidate.file === file);

  expect(openClientKey({ json: JSON.stringify(vector?.clientKeyFile), password }).expiresAt).toBe(expiresAt);
});

test('detects a wrong password by decryption if there is no MAC', () => {
  expect(() => open('aes256-no-mac', 's3cret-wrong')).toThrow('the password is wrong');
});

test('accepts line breaks in the base64 and a byte order mark', async () => {
  const lines = shapes.get('2des')?.replaceAll(/.{64}/gu, '$&\r\n');

  const clientKey = openClientKey({ json: `\uFEFF${fileWith(lines)}`, password });

  expect(await signsWithVectorKey(clientKey)).toBe(true);
});

test('signs deterministically', async () => {
  const clientKey = open('2des');

  expect(await clientKey.sign('text')).toBe(await clientKey.sign('text'));
});

test.each([
  ['text that is not JSON', 's3cret-rubbish', 'is not JSON'],
  ['truncated JSON', '{"KeyId":"KAAP.1","PrivateKeyData":"s3cret-', 'is not JSON'],
  ['a list', '["s3cret-1"]', 'not an object'],
  ['null', 'null', 'not an object'],
  ['no KeyId', '{"PrivateKeyData":"s3cret-1"}', 'KeyId in the client key file is missing'],
  ['an empty KeyId', '{"KeyId":"","PrivateKeyData":"AAAA"}', 'KeyId in the client key file is empty'],
  ['a number as KeyId', '{"KeyId":7,"PrivateKeyData":"AAAA"}', 'KeyId in the client key file is not a string'],
  [
    'a KeyId with a line break',
    '{"KeyId":"KAAP\\n1","PrivateKeyData":"AAAA"}',
    'KeyId in the client key file contains',
  ],
  ['no PrivateKeyData', '{"KeyId":"KAAP.1"}', 'PrivateKeyData in the client key file is missing'],
  ['invalid base64', '{"KeyId":"KAAP.1","PrivateKeyData":"s3cret-%%%"}', 'is not base64'],
  ['base64 of an impossible length', '{"KeyId":"KAAP.1","PrivateKeyData":"AAAAA"}', 'is not base64'],
  ['base64 of other data', fileWith(btoa('s3cret-rubbish')), 'not a PKCS#12 file'],
  ['a bare PKCS#8 key', fileWith(key.privateKeyPkcs8DerBase64), 'not a PKCS#12 file'],
  ['a bare certificate', fileWith(key.certificateDerBase64), 'not a PKCS#12 file'],
  ['no key', fileWith(shapes.get('certificate-only')), 'contains no private key'],
  ['an EC key', fileWith(shapes.get('ec')), 'a key of type ec'],
  ['an RSA-PSS key', fileWith(shapes.get('pss')), 'a key of type rsa-pss'],
  ['a key encrypted with RC2', fileWith(shapes.get('rc2-key')), 'RC2 is not'],
  ['70 000 characters', ' '.repeat(70_000), 'too large: 70000 characters'],
])('rejects a file with %s and does not quote it', (_, json, words) => {
  const error = errorOf({ json, password });

  expect(error.message).toContain(words);
  expect(`${error.message} ${error.stack}`).not.toMatch(/s3cret-|Fake-Passw0rd/u);
  expect(error.cause).toBeUndefined();
});

test('rejects an empty password', () => {
  expect(() => open('2des', '')).toThrow('The password of the client key is empty');
});

/** Encodes a DER element. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, 0x82, content.length >> 8, content.length & 0xff]), content]);
}

test.each([
  ['7fffffff', 'more than 600000 iterations'],
  ['7fffffffffffffffffffffff', 'more than 600000 iterations'],
  ['00', 'no iterations'],
  ['ff', 'negative'],
])('rejects a file that requires 0x%s iterations of password hashing', (iterations, words) => {
  const data = Buffer.from('2a864886f70d010701', 'hex');
  const sha1 = der(0x30, der(0x06, Buffer.from('2b0e03021a', 'hex')));
  const content = der(0x30, der(0x06, data), der(0xa0, der(0x04, der(0x30))));
  const mac = der(
    0x30,
    der(0x30, sha1, der(0x04, Buffer.alloc(20))),
    der(0x04),
    der(0x02, Buffer.from(iterations, 'hex')),
  );
  const file = der(0x30, der(0x02, Buffer.from([3])), content, mac);

  expect(errorOf({ json: fileWith(file.toString('base64')), password }).message).toContain(words);
});
