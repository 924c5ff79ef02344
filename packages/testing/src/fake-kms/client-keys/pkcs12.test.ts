import { generateKeyPairSync } from 'node:crypto';
import { createSecureContext } from 'node:tls';

import { expect, test } from 'vitest';

import { issueCertificate } from '../certificates/certificate.ts';
import { writePkcs12 } from './pkcs12.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
const password = 'Fake-Passw0rd';
// OpenSSL checks that key and certificate belong together, whatever kind they are; this kind is quickly made.
const keyPair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { der: certificate } = issueCertificate({ name: 'KAAP.1', keyPair, notBefore: now, notAfter: now + 1000 });
const file = writePkcs12({ privateKey: keyPair.privateKey, certificate, password });

test('OpenSSL opens the file with its password, checks its MAC, and finds the certificate of the key', () => {
  expect(() => createSecureContext({ pfx: file, passphrase: password })).not.toThrow();
  expect(() => createSecureContext({ pfx: file, passphrase: 'Fake-Passw0re' })).toThrow('mac verify failure');
});

test('a byte that was changed is noticed', () => {
  const changed = Buffer.from(file);
  changed.writeUInt8(changed.readUInt8(200) ^ 1, 200);

  expect(() => createSecureContext({ pfx: changed, passphrase: password })).toThrow('mac verify failure');
});

test('it has two parts, the encrypted certificate first and then the key, as Go takes them', () => {
  const safe = children(inside(file, [1, 1, 0, 0]));
  const types = safe.map((part) => hexOf(inside(part, [0])));
  const bag = inside(safe[1], [1, 0, 0, 0]);

  expect(types).toEqual(['06092a864886f70d010706', '06092a864886f70d010701']);
  expect(hexOf(inside(bag, [0]))).toBe('060b2a864886f70d010c0a0102');
});

test('both parts are hidden by 3DES, and the MAC is of SHA-1 with no count of rounds', () => {
  const hex = file.toString('hex');
  const [digest, salt, ...more] = children(children(file)[2]);

  expect(hex.match(/060a2a864886f70d010c0103/g)).toHaveLength(2);
  expect(hexOf(digest)).toContain('300706052b0e03021a');
  expect([salt?.length, more]).toEqual([10, []]);
});

test('key and certificate are tied by the same mark, and every file has salts of its own', () => {
  const again = writePkcs12({ privateKey: keyPair.privateKey, certificate, password });

  expect(file.toString('hex')).toContain('06092a864886f70d01091531160414');
  expect(again.equals(file)).toBe(false);
});

/** The elements inside one; for `[0]` and OCTET STRING too, where they hold further ones. */
function children(der: Buffer | undefined): Buffer[] {
  let rest = element(der);
  const found: Buffer[] = [];
  while (rest.length > 0) {
    const length = sizeOf(rest);
    found.push(rest.subarray(0, length));
    rest = rest.subarray(length);
  }
  return found;
}

/** The element one comes to by taking at each level the one of this place. */
function inside(der: Buffer | undefined, path: readonly number[]): Buffer | undefined {
  return path.reduce((outer, place) => children(outer)[place], der);
}

/** What stands behind tag and length. */
function element(der: Buffer | undefined): Buffer {
  if (der === undefined) throw new TypeError('There is no such element.');
  return der.subarray(headOf(der), sizeOf(der));
}

function headOf(der: Buffer): number {
  const first = der.readUInt8(1);
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}

function sizeOf(der: Buffer): number {
  const head = headOf(der);
  return head + (head === 2 ? der.readUInt8(1) : der.readUIntBE(2, head - 2));
}

function hexOf(der: Buffer | undefined): string {
  return der?.toString('hex') ?? '';
}
