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

/** 2036-11-20, as `openssl x509 -enddate` tells of the certificate in the vectors. */
const expiresAt = Date.UTC(2036, 10, 20, 20, 2, 45);

function fileWith(data: string | undefined): string {
  return JSON.stringify({ KeyId: keyId, PrivateKeyData: data ?? '' });
}

function open(shape: string, withPassword: string = password): ClientKey {
  return openClientKey({ json: fileWith(shapes.get(shape)), password: withPassword });
}

function problemOf(file: { readonly json: string; readonly password: string }): ClientKeyError {
  try {
    openClientKey(file);
  } catch (error) {
    if (error instanceof ClientKeyError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

async function signsAsItself(clientKey: ClientKey): Promise<boolean> {
  const signature = await clientKey.sign('POST\n数据');
  return verify('sha256', Buffer.from('POST\n数据'), publicKey, Buffer.from(signature, 'base64'));
}

test.each(pkcs12)('$file is opened, and its key signs', async ({ clientKeyFile }) => {
  const clientKey = openClientKey({ json: JSON.stringify(clientKeyFile), password });

  expect(clientKey.keyId).toBe(keyId);
  expect(await signsAsItself(clientKey)).toBe(true);
});

test.each(pkcs12)('a wrong password of $file is told as that', ({ clientKeyFile }) => {
  const problem = problemOf({ json: JSON.stringify(clientKeyFile), password: 's3cret-wrong' });

  expect(problem.message).toContain('The password does not open');
  expect(problem.message).not.toContain('s3cret-');
});

test.each(['plain-no-mac', 'aes256-no-mac', 'aes128-sha1-mac', 'aes192-3des-sha512-mac', '2des', 'chain'])(
  'a file of the shape %s is opened, and its expiry read',
  async (shape) => {
    const clientKey = open(shape);

    expect(clientKey.expiresAt).toBe(expiresAt);
    expect(await signsAsItself(clientKey)).toBe(true);
  },
);

test.each([
  ['legacy-gopkcs12-shape.p12'],
  ['legacy-openssl-rc2-3des.p12'],
  ['legacy-openssl-3des-3des.p12'],
  ['modern-openssl3-pbes2-aes256.p12'],
])('the expiry of %s is read, also from a certificate under RC2', (file) => {
  const vector = pkcs12.find((candidate) => candidate.file === file);

  expect(openClientKey({ json: JSON.stringify(vector?.clientKeyFile), password }).expiresAt).toBe(expiresAt);
});

test('without a MAC, a wrong password shows when the key is decrypted', () => {
  expect(() => open('aes256-no-mac', 's3cret-wrong')).toThrow('The password does not open');
});

test('line breaks in the base64 and a mark before the JSON do no harm', async () => {
  const lines = shapes.get('2des')?.replaceAll(/.{64}/gu, '$&\r\n');

  const clientKey = openClientKey({ json: `\uFEFF${fileWith(lines)}`, password });

  expect(await signsAsItself(clientKey)).toBe(true);
});

test('signing twice gives the same text: the signature has no chance in it', async () => {
  const clientKey = open('2des');

  expect(await clientKey.sign('text')).toBe(await clientKey.sign('text'));
});

test.each([
  ['no JSON', 's3cret-rubbish', 'is not JSON'],
  ['half of it', '{"KeyId":"KAAP.1","PrivateKeyData":"s3cret-', 'is not JSON'],
  ['a list', '["s3cret-1"]', 'not an object'],
  ['null', 'null', 'not an object'],
  ['no KeyId', '{"PrivateKeyData":"s3cret-1"}', 'has no KeyId'],
  ['an empty KeyId', '{"KeyId":"","PrivateKeyData":"AAAA"}', 'has an empty KeyId'],
  ['a number as KeyId', '{"KeyId":7,"PrivateKeyData":"AAAA"}', 'something else than a text as KeyId'],
  ['a KeyId that no header can carry', '{"KeyId":"KAAP\\n1","PrivateKeyData":"AAAA"}', 'KeyId in the client key file'],
  ['no PrivateKeyData', '{"KeyId":"KAAP.1"}', 'has no PrivateKeyData'],
  ['base64 rubbish', '{"KeyId":"KAAP.1","PrivateKeyData":"s3cret-%%%"}', 'is not base64'],
  ['base64 of a wrong length', '{"KeyId":"KAAP.1","PrivateKeyData":"AAAAA"}', 'is not base64'],
  ['base64 of something else', fileWith(btoa('s3cret-rubbish')), 'not a PKCS#12 file'],
  ['the key alone', fileWith(key.privateKeyPkcs8DerBase64), 'not a PKCS#12 file'],
  ['a certificate alone', fileWith(key.certificateDerBase64), 'not a PKCS#12 file'],
  ['no key inside', fileWith(shapes.get('certificate-only')), 'holds no private key'],
  ['an EC key', fileWith(shapes.get('ec')), 'a key of type ec'],
  ['a key for another padding', fileWith(shapes.get('pss')), 'a key of type rsa-pss'],
  ['a key under RC2', fileWith(shapes.get('rc2-key')), 'RC2'],
  ['far too much', ' '.repeat(70_000), 'too large: 70000 characters'],
])('a file with %s is refused in words, and nothing of it shows', (_, json, words) => {
  const problem = problemOf({ json, password });

  expect(problem.message).toContain(words);
  expect(`${problem.message} ${problem.stack}`).not.toMatch(/s3cret-|Fake-Passw0rd/u);
  expect(problem.cause).toBeUndefined();
});

test('an empty password is told before anything is tried', () => {
  expect(() => open('2des', '')).toThrow('The password of the client key is empty');
});

/** One element of DER. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, 0x82, content.length >> 8, content.length & 0xff]), content]);
}

test.each([
  ['7fffffff', 'more than 600000 rounds'],
  ['7fffffffffffffffffffffff', 'more than 600000 rounds'],
  ['00', 'no rounds'],
  ['ff', 'negative'],
])('a file that wants its password hashed in 0x%s rounds is refused at once', (rounds, words) => {
  const data = Buffer.from('2a864886f70d010701', 'hex');
  const sha1 = der(0x30, der(0x06, Buffer.from('2b0e03021a', 'hex')));
  const content = der(0x30, der(0x06, data), der(0xa0, der(0x04, der(0x30))));
  const mac = der(0x30, der(0x30, sha1, der(0x04, Buffer.alloc(20))), der(0x04), der(0x02, Buffer.from(rounds, 'hex')));
  const file = der(0x30, der(0x02, Buffer.from([3])), content, mac);

  expect(problemOf({ json: fileWith(file.toString('base64')), password }).message).toContain(words);
});
