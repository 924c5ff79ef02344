import type { KeyObject } from 'node:crypto';
import type { ClientKey } from '../ports/credentials.ts';
import { ClientKeyError } from './client-key-error.ts';
import { builtinModule } from '../platform/builtin-module.ts';
import { readPkcs12 } from './pkcs12.ts';

/** A real file has about 4000 characters. */
const maxFileLength = 65_536;

/** A larger key could block a thread for seconds per signature. KMS issues keys of 2048 bits. */
const maxKeyBits = 8_192;

/** The JSON file that the KMS console downloads, and its password. Both are secrets. */
export interface ClientKeyFile {
  readonly json: string;
  readonly password: string;
}

/**
 * Opens a client key from the JSON file that the KMS console downloads, and its password. Throws `ClientKeyError`.
 *
 * The key is parsed once: a signature takes 0.2 ms with a `KeyObject`, but 0.7 ms with PEM.
 */
export function openClientKey({ json, password }: ClientKeyFile): ClientKey {
  const { keyId, file } = readKeyFile(json);
  if (password === '') throw new ClientKeyError('The password of the client key is empty.');
  const { keys, certificates } = readPkcs12(file, password);
  const key = rsaKey(keys);
  return { keyId, expiresAt: expiryOf(certificates, key), sign: (text) => signText(text, key) };
}

function readKeyFile(json: string): { readonly keyId: string; readonly file: Buffer } {
  if (json.length > maxFileLength) {
    const message = `The client key file is too large: ${json.length} characters, expected about 4000.`;
    throw new ClientKeyError(message);
  }
  const fields = parseClientKeyFile(json);
  const keyId = requireText(fields, 'KeyId');
  // It is sent as a header value.
  if (!/^[\x21-\x7E]{1,128}$/u.test(keyId)) {
    throw new ClientKeyError('KeyId in the client key file contains whitespace or characters that no KMS key id has.');
  }
  return { keyId, file: decodeBase64(requireText(fields, 'PrivateKeyData')) };
}

function parseClientKeyFile(json: string): ReadonlyMap<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json.replace(/^\uFEFF/u, ''));
  } catch {
    // Without the parser's error as the cause: its message quotes the file.
    throw new ClientKeyError(`The client key file is not JSON. ${expectedFile}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new ClientKeyError(`The client key file is JSON, but not an object. ${expectedFile}`);
  }
  return new Map(Object.entries(parsed));
}

const expectedFile = 'Expected the file that the KMS console downloads: {"KeyId":"KAAP.…","PrivateKeyData":"…"}.';

function requireText(fields: ReadonlyMap<string, unknown>, name: string): string {
  const value = fields.get(name);
  if (typeof value === 'string' && value !== '') return value;
  const problem = value === undefined ? 'is missing' : value === '' ? 'is empty' : 'is not a string';
  throw new ClientKeyError(`${name} in the client key file ${problem}. ${expectedFile}`);
}

/** Allows line breaks, as the official Python client does. Other characters are checked: `Buffer.from` would skip them silently. */
function decodeBase64(text: string): Buffer {
  const base64 = text.replaceAll(/\s/gu, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(base64) || base64.replace(/=+$/u, '').length % 4 === 1) {
    throw new ClientKeyError('PrivateKeyData in the client key file is not base64.');
  }
  return Buffer.from(base64, 'base64');
}

function rsaKey(keys: readonly Buffer[]): KeyObject {
  let otherType: string | undefined;
  for (const der of keys) {
    const key = tryPrivateKey(der);
    if (key?.asymmetricKeyType === 'rsa') return checkSize(key);
    otherType ??= key?.asymmetricKeyType;
  }
  const found = otherType === undefined ? 'a key that cannot be parsed' : `a key of type ${otherType}`;
  throw new ClientKeyError(`PrivateKeyData contains ${found}, expected an RSA key.`);
}

function tryPrivateKey(der: Buffer): KeyObject | undefined {
  try {
    return builtinModule('node:crypto').createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch {
    return undefined;
  }
}

function checkSize(key: KeyObject): KeyObject {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits <= maxKeyBits) return key;
  throw new ClientKeyError(`PrivateKeyData contains an RSA key of ${bits} bits, the maximum is ${maxKeyBits}.`);
}

/** Returns the expiry of the certificate of the key. The file may also contain the certificates of its CAs. */
function expiryOf(certificates: readonly Buffer[], key: KeyObject): number | undefined {
  const { X509Certificate } = builtinModule('node:crypto');
  for (const der of certificates) {
    try {
      const certificate = new X509Certificate(der);
      if (!certificate.checkPrivateKey(key)) continue;
      const date = Date.parse(certificate.validTo);
      return Number.isNaN(date) ? undefined : date;
    } catch {
      // Skipped, because the key can sign without its certificate.
    }
  }
  return undefined;
}

/** With a callback, Node signs in its thread pool: this takes 25 µs of the main thread instead of 240 µs. */
function signText(text: string, key: KeyObject): Promise<string> {
  const { sign } = builtinModule('node:crypto');
  return new Promise((resolve, reject) => {
    sign('sha256', Buffer.from(text, 'utf8'), key, (error, signature) => {
      if (error === null) resolve(signature.toString('base64'));
      else reject(new ClientKeyError('Signing with the client key failed.'));
    });
  });
}
