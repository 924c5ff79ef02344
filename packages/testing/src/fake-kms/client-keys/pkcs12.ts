import { createCipheriv, createHmac, hash, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { explicit, implicit, integer, objectIdentifier, octetString, sequence, set } from '../certificates/der.ts';

const data = objectIdentifier('1.2.840.113549.1.7.1');
const encryptedData = objectIdentifier('1.2.840.113549.1.7.6');
const shroudedKeyBag = objectIdentifier('1.2.840.113549.1.12.10.1.2');
const certificateBag = objectIdentifier('1.2.840.113549.1.12.10.1.3');
const x509Certificate = objectIdentifier('1.2.840.113549.1.9.22.1');
const localKeyId = objectIdentifier('1.2.840.113549.1.9.21');
const pbeWithSha1And3Des = objectIdentifier('1.2.840.113549.1.12.1.3');
const sha1 = objectIdentifier('1.3.14.3.2.26');

/** What a byte string is derived for (RFC 7292, B.3). */
const purposes = { key: 1, iv: 2, mac: 3 } as const;
const rounds = 2048;

/**
 * A key and its certificate as a PKCS#12 file (RFC 7292) in the old shape that client keys have: 3DES, a SHA-1 MAC of
 * one round that is left unsaid, and two parts, the certificate first.
 *
 * Go's `golang.org/x/crypto/pkcs12` opens no other: it knows only these algorithms, demands two parts and takes them by
 * their place. Real ones hide the certificate by RC2 with 40 bits, which Node's own OpenSSL refuses to read; 3DES for
 * both is read by all.
 */
export function writePkcs12(parts: { privateKey: KeyObject; certificate: Buffer; password: string }): Buffer {
  const password = Buffer.concat([toUtf16BigEndian(parts.password), Buffer.alloc(2)]);
  const key = parts.privateKey.export({ type: 'pkcs8', format: 'der' });
  const mark = hash('sha1', parts.certificate, 'buffer'); // only ties the two bags together
  const certificateBags = sequence(
    bag(certificateBag, sequence(x509Certificate, explicit(0, octetString(parts.certificate))), mark),
  );
  const hiddenCertificate = encrypt(certificateBags, password);
  const hiddenKey = encrypt(key, password);
  const safe = sequence(
    content(
      encryptedData,
      sequence(number(0), sequence(data, hiddenCertificate.algorithm, implicit(0, hiddenCertificate.bytes))),
    ),
    content(
      data,
      octetString(sequence(bag(shroudedKeyBag, sequence(hiddenKey.algorithm, octetString(hiddenKey.bytes)), mark))),
    ),
  );
  return sequence(number(3), content(data, octetString(safe)), mac(safe, password));
}

function content(type: Buffer, inner: Buffer): Buffer {
  return sequence(type, explicit(0, inner));
}

function bag(type: Buffer, inner: Buffer, mark: Buffer): Buffer {
  return sequence(type, explicit(0, inner), set(sequence(localKeyId, set(octetString(mark)))));
}

function mac(safe: Buffer, password: Buffer): Buffer {
  const salt = randomBytes(8);
  const key = derive({ purpose: purposes.mac, length: 20, salt, password, rounds: 1 });
  const digest = createHmac('sha1', key).update(safe).digest();
  return sequence(sequence(sequence(sha1), octetString(digest)), octetString(salt));
}

function encrypt(plain: Buffer, password: Buffer): { algorithm: Buffer; bytes: Buffer } {
  const salt = randomBytes(8);
  const key = derive({ purpose: purposes.key, length: 24, salt, password, rounds });
  const iv = derive({ purpose: purposes.iv, length: 8, salt, password, rounds });
  const cipher = createCipheriv('des-ede3-cbc', key, iv);
  return {
    algorithm: sequence(pbeWithSha1And3Des, sequence(octetString(salt), number(rounds))),
    bytes: Buffer.concat([cipher.update(plain), cipher.final()]),
  };
}

interface Derivation {
  readonly purpose: number;
  readonly length: number;
  readonly salt: Buffer;
  readonly password: Buffer;
  readonly rounds: number;
}

/** RFC 7292, B.2, with SHA-1: its blocks have 64 bytes. */
function derive({ purpose, length, salt, password, rounds: times }: Derivation): Buffer {
  const block = 64;
  const diversifier = Buffer.alloc(block, purpose);
  const input = Buffer.concat([fill(salt, block), fill(password, block)]);
  const output: Buffer[] = [];
  for (let made = 0; made < length; made += 20) {
    let digest = hash('sha1', Buffer.concat([diversifier, input]), 'buffer');
    for (let round = 1; round < times; round += 1) digest = hash('sha1', digest, 'buffer');
    output.push(digest);
    for (let at = 0; at < input.length; at += block) increase(input.subarray(at, at + block), digest);
  }
  return Buffer.concat(output).subarray(0, length);
}

/** Repeats a text up to a whole number of blocks. */
function fill(text: Buffer, block: number): Buffer {
  return Buffer.alloc(Math.ceil(text.length / block) * block, text);
}

/** Adds the hash, repeated, and one to a block, as one large number whose overflow is lost. */
function increase(block: Buffer, digest: Buffer): void {
  let carry = 1;
  for (let at = block.length - 1; at >= 0; at -= 1) {
    carry += block.readUInt8(at) + digest.readUInt8(at % digest.length);
    block.writeUInt8(carry & 0xff, at);
    carry >>= 8;
  }
}

function toUtf16BigEndian(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

function number(value: number): Buffer {
  return integer(Buffer.from([value >> 8, value & 0xff]));
}
