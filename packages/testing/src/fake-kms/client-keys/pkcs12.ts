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

/** The ids of the key derivation (RFC 7292, B.3). */
const purposes = { key: 1, iv: 2, mac: 3 } as const;
/** The iteration count of the files that KMS creates. */
const defaultIterations = 2048;
/** Block and digest size of SHA-1 in bytes. */
const blockSize = 64;
const digestSize = 20;

/**
 * Writes a key and its certificate as a PKCS#12 file (RFC 7292) in the legacy format of client keys: 3DES, a SHA-1 MAC
 * with one iteration and no iteration count, and two parts, the certificate first.
 *
 * Go's `golang.org/x/crypto/pkcs12` reads no other format: it supports only these algorithms, and identifies the two
 * parts by position. Real files encrypt the certificate with 40-bit RC2, which OpenSSL in Node rejects; every client
 * reads 3DES for both parts.
 */
export function writePkcs12(parts: {
  privateKey: KeyObject;
  certificate: Buffer;
  password: string;
  iterations?: number | undefined;
}): Buffer {
  const { iterations = defaultIterations } = parts;
  const password = Buffer.concat([toUtf16BigEndian(parts.password), Buffer.alloc(2)]);
  const privateKey = parts.privateKey.export({ type: 'pkcs8', format: 'der' });
  const keyIdBytes = hash('sha1', parts.certificate, 'buffer'); // the same in both bags, which links key and certificate
  const certificateBags = sequence(
    bag(certificateBag, sequence(x509Certificate, explicit(0, octetString(parts.certificate))), keyIdBytes),
  );
  const encryptedCertificate = encrypt(certificateBags, password, iterations);
  const encryptedKey = encrypt(privateKey, password, iterations);
  const authenticatedSafe = sequence(
    contentInfo(
      encryptedData,
      sequence(number(0), sequence(data, encryptedCertificate.algorithm, implicit(0, encryptedCertificate.bytes))),
    ),
    contentInfo(
      data,
      octetString(
        sequence(bag(shroudedKeyBag, sequence(encryptedKey.algorithm, octetString(encryptedKey.bytes)), keyIdBytes)),
      ),
    ),
  );
  return sequence(number(3), contentInfo(data, octetString(authenticatedSafe)), macData(authenticatedSafe, password));
}

function contentInfo(type: Buffer, content: Buffer): Buffer {
  return sequence(type, explicit(0, content));
}

function bag(type: Buffer, content: Buffer, keyIdBytes: Buffer): Buffer {
  return sequence(type, explicit(0, content), set(sequence(localKeyId, set(octetString(keyIdBytes)))));
}

function macData(authenticatedSafe: Buffer, password: Buffer): Buffer {
  const salt = randomBytes(8);
  const key = deriveKey({ purpose: purposes.mac, length: digestSize, salt, password, iterations: 1 });
  const digest = createHmac('sha1', key).update(authenticatedSafe).digest();
  return sequence(sequence(sequence(sha1), octetString(digest)), octetString(salt));
}

function encrypt(plain: Buffer, password: Buffer, iterations: number): { algorithm: Buffer; bytes: Buffer } {
  const salt = randomBytes(8);
  const key = deriveKey({ purpose: purposes.key, length: 24, salt, password, iterations });
  const iv = deriveKey({ purpose: purposes.iv, length: 8, salt, password, iterations });
  const cipher = createCipheriv('des-ede3-cbc', key, iv);
  return {
    algorithm: sequence(pbeWithSha1And3Des, sequence(octetString(salt), number(iterations))),
    bytes: Buffer.concat([cipher.update(plain), cipher.final()]),
  };
}

interface DerivationParameters {
  readonly purpose: number;
  /** In bytes. */
  readonly length: number;
  readonly salt: Buffer;
  readonly password: Buffer;
  readonly iterations: number;
}

/** The key derivation of RFC 7292, B.2, with SHA-1. */
function deriveKey({ purpose, length, salt, password, iterations }: DerivationParameters): Buffer {
  const diversifier = Buffer.alloc(blockSize, purpose);
  const input = Buffer.concat([repeatToBlocks(salt), repeatToBlocks(password)]);
  const digests: Buffer[] = [];
  for (let derived = 0; derived < length; derived += digestSize) {
    let digest = hash('sha1', Buffer.concat([diversifier, input]), 'buffer');
    for (let iteration = 1; iteration < iterations; iteration += 1) digest = hash('sha1', digest, 'buffer');
    digests.push(digest);
    for (let offset = 0; offset < input.length; offset += blockSize) {
      addToBlock(input.subarray(offset, offset + blockSize), digest);
    }
  }
  return Buffer.concat(digests).subarray(0, length);
}

/** Repeats the bytes up to a multiple of the block size. */
function repeatToBlocks(bytes: Buffer): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / blockSize) * blockSize, bytes);
}

/** Adds the repeated digest plus one to the block, as big-endian integers; the overflow is discarded. */
function addToBlock(block: Buffer, digest: Buffer): void {
  let carry = 1;
  for (let index = block.length - 1; index >= 0; index -= 1) {
    carry += block.readUInt8(index) + digest.readUInt8(index % digest.length);
    block.writeUInt8(carry & 0xff, index);
    carry >>= 8;
  }
}

function toUtf16BigEndian(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

function number(value: number): Buffer {
  return integer(Buffer.from([value >> 8, value & 0xff]));
}
