import type { DerElement } from './der.ts';
import { contentOf, DerError, derTag, elementsOf, integerOf, objectIdOf } from './der.ts';
import { builtinModule } from '../platform/builtin-module.ts';
import { decryptRc2Cbc } from './rc2.ts';

/** A password with a budget for hashing it: `consume` throws `ClientKeyError` if the file requires too many iterations. */
export interface BudgetedPassword {
  readonly password: string;
  readonly consume: (iterations: number) => void;
}

export type Decrypted =
  | { readonly kind: 'plaintext'; readonly bytes: Buffer }
  | { readonly kind: 'unsupportedCipher' }
  /** Wrong password or damaged ciphertext: the padding is invalid. */
  | { readonly kind: 'badDecrypt' };

interface Digest {
  /** OpenSSL's name. */
  readonly name: string;
  /** Bytes of the digest. */
  readonly size: number;
  /** Bytes of a block: `v` in RFC 7292. */
  readonly block: number;
}

/** The supported digests, by object id (RFC 8017, appendix B.1). */
const digests: ReadonlyMap<string, Digest> = new Map([
  ['1.3.14.3.2.26', { name: 'sha1', size: 20, block: 64 }],
  ['2.16.840.1.101.3.4.2.4', { name: 'sha224', size: 28, block: 64 }],
  ['2.16.840.1.101.3.4.2.1', { name: 'sha256', size: 32, block: 64 }],
  ['2.16.840.1.101.3.4.2.2', { name: 'sha384', size: 48, block: 128 }],
  ['2.16.840.1.101.3.4.2.3', { name: 'sha512', size: 64, block: 128 }],
]);

/** The hash of each HMAC that PBKDF2 can use, by object id (RFC 8018, appendix B.1). */
const hmacDigests: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.8', 'sha224'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);

/** The ciphers of PKCS#12, by object id (RFC 7292, appendix C). */
const pkcs12Ciphers: ReadonlyMap<string, { readonly name: string; readonly keySize: number }> = new Map([
  ['1.2.840.113549.1.12.1.3', { name: 'des-ede3-cbc', keySize: 24 }],
  ['1.2.840.113549.1.12.1.4', { name: 'des-ede-cbc', keySize: 16 }],
  ['1.2.840.113549.1.12.1.5', { name: 'rc2', keySize: 16 }],
  ['1.2.840.113549.1.12.1.6', { name: 'rc2', keySize: 5 }],
]);

/** The ciphers of PBES2, by object id (RFC 8018, appendix B.2; for AES: NIST CSOR). */
const pbes2Ciphers: ReadonlyMap<string, { readonly name: string; readonly keySize: number }> = new Map([
  ['1.2.840.113549.3.7', { name: 'des-ede3-cbc', keySize: 24 }],
  ['2.16.840.1.101.3.4.1.2', { name: 'aes-128-cbc', keySize: 16 }],
  ['2.16.840.1.101.3.4.1.22', { name: 'aes-192-cbc', keySize: 24 }],
  ['2.16.840.1.101.3.4.1.42', { name: 'aes-256-cbc', keySize: 32 }],
]);

const pbes2 = '1.2.840.113549.1.5.13';
const pbkdf2 = '1.2.840.113549.1.5.12';

/** A ciphertext with the parameters to decrypt it. */
export interface Encrypted {
  /** An AlgorithmIdentifier. */
  readonly algorithm: DerElement | undefined;
  readonly ciphertext: Buffer;
  /** Whether RC2 is accepted: only for certificates, because RC2 protects nothing. */
  readonly allowRc2: boolean;
}

/** Decrypts with the cipher and parameters of `algorithm`. Throws `DerError` if they are malformed. */
export function decrypt({ algorithm, ciphertext, allowRc2 }: Encrypted, password: BudgetedPassword): Decrypted {
  const [id, parameters] = elementsOf(algorithm, derTag.sequence);
  const objectId = objectIdOf(id);
  if (objectId === pbes2) return decryptPbes2(parameters, ciphertext, password);
  const cipher = pkcs12Ciphers.get(objectId);
  if (cipher === undefined || (cipher.name === 'rc2' && !allowRc2)) return { kind: 'unsupportedCipher' };
  const [salt, iterations] = elementsOf(parameters, derTag.sequence);
  const digest: Digest = { name: 'sha1', size: 20, block: 64 };
  const common = { digest, salt: contentOf(salt, derTag.octets), iterations: integerOf(iterations) };
  const key = derivePkcs12Key({ ...common, purpose: keyPurpose.encryption, length: cipher.keySize }, password);
  const iv = derivePkcs12Key({ ...common, purpose: keyPurpose.iv, length: 8 }, password);
  return decipher(ciphertext, { name: cipher.name, key, iv });
}

/** Returns the digest of an AlgorithmIdentifier; `undefined` if it is not supported. */
export function digestOf(algorithm: DerElement | undefined): Digest | undefined {
  const [id] = elementsOf(algorithm, derTag.sequence);
  return digests.get(objectIdOf(id));
}

/** The id byte for each purpose of a derived key (RFC 7292, appendix B.3). */
export const keyPurpose = { encryption: 1, iv: 2, mac: 3 } as const;

export interface KeyDerivation {
  readonly digest: Digest;
  readonly salt: Buffer;
  readonly iterations: number;
  readonly purpose: (typeof keyPurpose)[keyof typeof keyPurpose];
  /** Bytes. */
  readonly length: number;
}

/** The key derivation of PKCS#12 (RFC 7292, appendix B.2). The one-letter names are those of the RFC, in lower case. */
export function derivePkcs12Key(derivation: KeyDerivation, { password, consume }: BudgetedPassword): Buffer {
  const { digest, salt, iterations, purpose, length } = derivation;
  const v = digest.block;
  const diversifier = Buffer.alloc(v, purpose);
  // UTF-16, big endian, with a terminating zero (RFC 7292, appendix B.1).
  const text = Buffer.from(`${password}\0`, 'utf16le').swap16();
  const input = Buffer.concat([repeatToBlocks(salt, v), repeatToBlocks(text, v)]);
  const blocks: Buffer[] = [];
  const { createHash } = builtinModule('node:crypto');
  const hash = (bytes: Buffer): Buffer => createHash(digest.name).update(bytes).digest();
  for (let derived = 0; derived < length; derived += digest.size) {
    consume(iterations);
    let a = hash(Buffer.concat([diversifier, input]));
    for (let iteration = 1; iteration < iterations; iteration += 1) a = hash(a);
    blocks.push(a);
    const b = Buffer.alloc(v, a);
    for (let at = 0; at < input.length; at += v) addPlusOne(input.subarray(at, at + v), b);
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function decryptPbes2(
  parameters: DerElement | undefined,
  ciphertext: Buffer,
  { password, consume }: BudgetedPassword,
): Decrypted {
  const [derivation, encryption] = elementsOf(parameters, derTag.sequence);
  const [derivationId, derivationParameters] = elementsOf(derivation, derTag.sequence);
  const [cipherId, iv] = elementsOf(encryption, derTag.sequence);
  const cipher = pbes2Ciphers.get(objectIdOf(cipherId));
  if (objectIdOf(derivationId) !== pbkdf2 || cipher === undefined) return { kind: 'unsupportedCipher' };
  // Optional parameters follow: the key length, which the cipher determines, and the HMAC, which is SHA-1 by default.
  const [salt, count, ...optional] = elementsOf(derivationParameters, derTag.sequence);
  const hmac = optional.find(({ tag }) => tag === derTag.sequence);
  const digest = hmac === undefined ? 'sha1' : hmacDigests.get(objectIdOf(elementsOf(hmac, derTag.sequence)[0]));
  if (digest === undefined) return { kind: 'unsupportedCipher' };
  const iterations = integerOf(count);
  consume(iterations);
  const key = builtinModule('node:crypto').pbkdf2Sync(
    password,
    contentOf(salt, derTag.octets),
    iterations,
    cipher.keySize,
    digest,
  );
  return decipher(ciphertext, { name: cipher.name, key, iv: contentOf(iv, derTag.octets) });
}

function decipher(
  ciphertext: Buffer,
  { name, key, iv }: { readonly name: string; readonly key: Buffer; readonly iv: Buffer },
): Decrypted {
  if (iv.length !== (name.startsWith('aes') ? 16 : 8))
    throw new DerError('an initialization vector has the wrong length');
  if (name === 'rc2') {
    const bytes = decryptRc2Cbc(ciphertext, { key, iv, effectiveBits: 8 * key.length });
    return bytes === undefined ? { kind: 'badDecrypt' } : { kind: 'plaintext', bytes };
  }
  try {
    const cipher = builtinModule('node:crypto').createDecipheriv(name, key, iv);
    return { kind: 'plaintext', bytes: Buffer.concat([cipher.update(ciphertext), cipher.final()]) };
  } catch {
    // Invalid padding, or an OpenSSL in FIPS mode without 3DES.
    return { kind: 'badDecrypt' };
  }
}

/** Repeats `bytes` to the next multiple of the block size; empty input stays empty. */
function repeatToBlocks(bytes: Buffer, block: number): Buffer {
  const length = block * Math.ceil(bytes.length / block);
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, bytes);
}

/** target = target + addend + 1, as unsigned big-endian integers, modulo their size. */
function addPlusOne(target: Buffer, addend: Buffer): void {
  let carry = 1;
  for (let at = target.length - 1; at >= 0; at -= 1) {
    carry += (target[at] ?? 0) + (addend[at] ?? 0);
    target[at] = carry & 0xff;
    carry >>= 8;
  }
}
