import type { KeyObject } from 'node:crypto';
import type { ClientKey } from '../ports/credentials.ts';
import { ClientKeyError } from './client-key-error.ts';
import { nodeCrypto } from './lazy-crypto.ts';
import { readPkcs12 } from './pkcs12.ts';

/** A real file has about 4 000 characters. */
const longestFile = 65_536;

/** OpenSSL takes seconds for a signature with the largest keys that it allows; KMS makes keys of 2048 bits. */
const mostKeyBits = 8_192;

/**
 * Opens the client key that KMS lets one download: the text of its JSON file, and the password that was shown with it.
 *
 * The file is read once and the key made once: a signature takes 0.2 ms with a ready KeyObject, 0.7 ms from PEM. Throws
 * `ClientKeyProblem`.
 */
export function openClientKey({ json, password }: { readonly json: string; readonly password: string }): ClientKey {
  const { keyId, file } = readKeyFile(json);
  if (password === '') throw new ClientKeyError('The password of the client key is empty.');
  const { keys, certificates } = readPkcs12(file, password);
  const key = rsaKey(keys);
  return { keyId, expiresAt: expiryOf(certificates, key), sign: (text) => signed(text, key) };
}

function readKeyFile(json: string): { readonly keyId: string; readonly file: Buffer } {
  if (json.length > longestFile) {
    const message = `The client key file is too large: ${json.length} characters, where a real one has about 4000.`;
    throw new ClientKeyError(message);
  }
  const fields = parse(json);
  const keyId = textOf(fields, 'KeyId');
  // It goes into a header, as KMS gave it out.
  if (!/^[\x21-\x7E]{1,128}$/u.test(keyId)) {
    throw new ClientKeyError('KeyId in the client key file holds blanks or characters that no key id of KMS has.');
  }
  return { keyId, file: decodeBase64(textOf(fields, 'PrivateKeyData')) };
}

function parse(json: string): ReadonlyMap<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json.replace(/^\uFEFF/u, ''));
  } catch {
    // The parser's own error is dropped on purpose: its message quotes the file.
    throw new ClientKeyError(`The client key file is not JSON. ${expectedFile}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new ClientKeyError(`The client key file is JSON, but not an object. ${expectedFile}`);
  }
  return new Map(Object.entries(parsed));
}

const expectedFile = 'Expected the file that KMS let you download: {"KeyId":"KAAP.…","PrivateKeyData":"…"}.';

function textOf(fields: ReadonlyMap<string, unknown>, name: string): string {
  const value = fields.get(name);
  if (typeof value === 'string' && value !== '') return value;
  const state = value === undefined ? 'has no' : value === '' ? 'has an empty' : 'has something else than a text as';
  throw new ClientKeyError(`The client key file ${state} ${name}. ${expectedFile}`);
}

/** Lines may be broken, as the client for Python allows; any other character would silently be left out by `Buffer.from`. */
function decodeBase64(text: string): Buffer {
  const bare = text.replaceAll(/\s/gu, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(bare) || bare.replace(/=+$/u, '').length % 4 === 1) {
    throw new ClientKeyError('PrivateKeyData in the client key file is not base64.');
  }
  return Buffer.from(bare, 'base64');
}

function rsaKey(keys: readonly Buffer[]): KeyObject {
  let other: string | undefined;
  for (const der of keys) {
    const key = tryPrivateKey(der);
    if (key?.asymmetricKeyType === 'rsa') return checkSize(key);
    other ??= key?.asymmetricKeyType;
  }
  const found = other === undefined ? 'a key that cannot be read' : `a key of type ${other}`;
  throw new ClientKeyError(`PrivateKeyData holds ${found}, where a client key of KMS is an RSA key.`);
}

function tryPrivateKey(der: Buffer): KeyObject | undefined {
  try {
    return nodeCrypto().createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch {
    return undefined;
  }
}

function checkSize(key: KeyObject): KeyObject {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits <= mostKeyBits) return key;
  throw new ClientKeyError(`PrivateKeyData holds an RSA key of ${bits} bits, which is too large; KMS makes 2048.`);
}

/** Of the certificate that belongs to the key: a file may hold those of its authorities too. */
function expiryOf(certificates: readonly Buffer[], key: KeyObject): number | undefined {
  const { X509Certificate } = nodeCrypto();
  for (const der of certificates) {
    try {
      const certificate = new X509Certificate(der);
      if (!certificate.checkPrivateKey(key)) continue;
      const date = Date.parse(certificate.validTo);
      return Number.isNaN(date) ? undefined : date;
    } catch {
      // One that cannot be read tells nothing; the key signs without it.
    }
  }
  return undefined;
}

/** With a callback, the signature is made on the thread pool: 25 µs of the main thread instead of 240. */
function signed(text: string, key: KeyObject): Promise<string> {
  const { sign } = nodeCrypto();
  return new Promise((resolve, reject) => {
    sign('sha256', Buffer.from(text, 'utf8'), key, (error, signature) => {
      if (error === null) resolve(signature.toString('base64'));
      else reject(new ClientKeyError('The client key could not sign.'));
    });
  });
}
