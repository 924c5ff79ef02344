import { generateKeyPairSync } from 'node:crypto';
import { createSecureContext } from 'node:tls';

import { expect, test } from 'vitest';

import { issueCertificate } from '../certificates/certificate.ts';
import { writePkcs12 } from './pkcs12.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
const password = 'Fake-Passw0rd';
// OpenSSL checks that key and certificate match, for any key type. P-256 keys are fast to generate.
const keyPair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { der: certificate } = issueCertificate({ name: 'KAAP.1', keyPair, notBefore: now, notAfter: now + 1000 });
const file = writePkcs12({ privateKey: keyPair.privateKey, certificate, password });

test('OpenSSL opens the file with the right password only', () => {
  expect(() => createSecureContext({ pfx: file, passphrase: password })).not.toThrow();
  expect(() => createSecureContext({ pfx: file, passphrase: 'Fake-Passw0re' })).toThrow('mac verify failure');
});

test('the MAC detects a changed byte', () => {
  const changed = Buffer.from(file);
  changed.writeUInt8(changed.readUInt8(200) ^ 1, 200);

  expect(() => createSecureContext({ pfx: changed, passphrase: password })).toThrow('mac verify failure');
});

test('has two parts, the certificate before the key, as Go expects', () => {
  const authenticatedSafe = children(descendant(file, [1, 1, 0, 0]));
  const types = authenticatedSafe.map((part) => hexOf(descendant(part, [0])));
  const bag = descendant(authenticatedSafe[1], [1, 0, 0, 0]);

  expect(types).toEqual(['06092a864886f70d010706', '06092a864886f70d010701']);
  expect(hexOf(descendant(bag, [0]))).toBe('060b2a864886f70d010c0a0102');
});

test('uses 3DES for both parts and a SHA-1 MAC without iteration count', () => {
  const hex = file.toString('hex');
  const [digest, salt, ...more] = children(children(file)[2]);

  expect(hex.match(/060a2a864886f70d010c0103/g)).toHaveLength(2);
  expect(hexOf(digest)).toContain('300706052b0e03021a');
  expect([salt?.length, more]).toEqual([10, []]);
});

test('derives both keys with 2048 iterations, or as many as given', () => {
  const cheap = writePkcs12({ privateKey: keyPair.privateKey, certificate, password, iterations: 1 });

  expect(file.toString('hex').match(/060a2a864886f70d010c0103300e0408.{16}02020800/g)).toHaveLength(2);
  expect(cheap.toString('hex').match(/060a2a864886f70d010c0103300d0408.{16}020101/g)).toHaveLength(2);
  expect(() => createSecureContext({ pfx: cheap, passphrase: password })).not.toThrow();
});

test('links key and certificate by localKeyId, with new salts per file', () => {
  const again = writePkcs12({ privateKey: keyPair.privateKey, certificate, password });

  expect(file.toString('hex')).toContain('06092a864886f70d01091531160414');
  expect(again.equals(file)).toBe(false);
});

/** The child elements, also of `[0]` and of an OCTET STRING that contains DER. */
function children(der: Buffer | undefined): Buffer[] {
  let rest = contentOf(der);
  const elements: Buffer[] = [];
  while (rest.length > 0) {
    const length = sizeOf(rest);
    elements.push(rest.subarray(0, length));
    rest = rest.subarray(length);
  }
  return elements;
}

/** The element at a path of child indexes. */
function descendant(der: Buffer | undefined, path: readonly number[]): Buffer | undefined {
  return path.reduce((parent, index) => children(parent)[index], der);
}

/** The content of an element, without tag and length. */
function contentOf(der: Buffer | undefined): Buffer {
  if (der === undefined) throw new TypeError('The element does not exist.');
  return der.subarray(headerSizeOf(der), sizeOf(der));
}

function headerSizeOf(der: Buffer): number {
  const first = der.readUInt8(1);
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}

function sizeOf(der: Buffer): number {
  const headerSize = headerSizeOf(der);
  return headerSize + (headerSize === 2 ? der.readUInt8(1) : der.readUIntBE(2, headerSize - 2));
}

function hexOf(der: Buffer | undefined): string {
  return der?.toString('hex') ?? '';
}
