import type { DerElement } from './der.ts';
import { contentOf, DerError, derTag, elementsOf, integerOf, objectIdOf } from './der.ts';
import { nodeCrypto } from './lazy-crypto.ts';
import { decryptRc2Cbc } from './rc2.ts';

/** A password with what it costs to try it: `spend` throws once the file asks for more rounds than any honest one does. */
export interface BudgetedPassword {
  readonly password: string;
  readonly consume: (rounds: number) => void;
}

/** Bytes that were decrypted, or why they cannot be. */
export type Decrypted =
  | { readonly kind: 'plain'; readonly bytes: Buffer }
  | { readonly kind: 'unknownCipher' }
  | { readonly kind: 'wrongKey' };

/** `digest` is a name of OpenSSL's; `block` the size in bytes that it works on, `v` in RFC 7292. */
interface Digest {
  readonly name: string;
  readonly size: number;
  readonly block: number;
}

/** SHA-1 and the SHA-2 family by their ids (RFC 8017, appendix B.1). */
const digests: ReadonlyMap<string, Digest> = new Map([
  ['1.3.14.3.2.26', { name: 'sha1', size: 20, block: 64 }],
  ['2.16.840.1.101.3.4.2.4', { name: 'sha224', size: 28, block: 64 }],
  ['2.16.840.1.101.3.4.2.1', { name: 'sha256', size: 32, block: 64 }],
  ['2.16.840.1.101.3.4.2.2', { name: 'sha384', size: 48, block: 128 }],
  ['2.16.840.1.101.3.4.2.3', { name: 'sha512', size: 64, block: 128 }],
]);

/** HMAC by its hash, for PBKDF2 (RFC 8018, appendix B.1). */
const pseudoRandom: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.8', 'sha224'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);

/** The ciphers of PKCS#12 itself (RFC 7292, appendix C). */
const pkcs12Ciphers: ReadonlyMap<string, { readonly name: string; readonly keySize: number }> = new Map([
  ['1.2.840.113549.1.12.1.3', { name: 'des-ede3-cbc', keySize: 24 }],
  ['1.2.840.113549.1.12.1.4', { name: 'des-ede-cbc', keySize: 16 }],
  ['1.2.840.113549.1.12.1.5', { name: 'rc2', keySize: 16 }],
  ['1.2.840.113549.1.12.1.6', { name: 'rc2', keySize: 5 }],
]);

/** The ciphers of PBES2 (RFC 8018, appendix B.2; NIST's ids for AES). */
const pbes2Ciphers: ReadonlyMap<string, { readonly name: string; readonly keySize: number }> = new Map([
  ['1.2.840.113549.3.7', { name: 'des-ede3-cbc', keySize: 24 }],
  ['2.16.840.1.101.3.4.1.2', { name: 'aes-128-cbc', keySize: 16 }],
  ['2.16.840.1.101.3.4.1.22', { name: 'aes-192-cbc', keySize: 24 }],
  ['2.16.840.1.101.3.4.1.42', { name: 'aes-256-cbc', keySize: 32 }],
]);

const pbes2 = '1.2.840.113549.1.5.13';
const pbkdf2 = '1.2.840.113549.1.5.12';

/** A cipher, what it was told, and what it made. */
export interface Encrypted {
  /** An AlgorithmIdentifier. */
  readonly algorithm: DerElement | undefined;
  readonly ciphertext: Buffer;
  /** Whether RC2, which protects nothing, is good enough for what is in it. */
  readonly allowRc2: boolean;
}

/** Decrypts what `algorithm` says it is encrypted with. */
export function decrypt(
  { algorithm, ciphertext: secret, allowRc2: takesRc2 }: Encrypted,
  trial: BudgetedPassword,
): Decrypted {
  const [id, parameters] = elementsOf(algorithm, derTag.sequence);
  const name = objectIdOf(id);
  const cipher = pkcs12Ciphers.get(name);
  if (cipher?.name === 'rc2' && !takesRc2) return { kind: 'unknownCipher' };
  if (cipher !== undefined) {
    const [salt, iterations] = elementsOf(parameters, derTag.sequence);
    const digest: Digest = { name: 'sha1', size: 20, block: 64 };
    const seed = { digest, salt: contentOf(salt, derTag.octets), iterations: integerOf(iterations) };
    const key = pkcs12Key({ ...seed, purpose: 1, length: cipher.keySize }, trial);
    return decipher({ name: cipher.name, key, iv: pkcs12Key({ ...seed, purpose: 2, length: 8 }, trial) }, secret);
  }
  return name === pbes2 ? decryptPbes2(parameters, secret, trial) : { kind: 'unknownCipher' };
}

/** The hash that a DigestInfo names, and its value; `undefined` for a hash that is not known here. */
export function digestNamed(algorithm: DerElement | undefined): Digest | undefined {
  const [id] = elementsOf(algorithm, derTag.sequence);
  return digests.get(objectIdOf(id));
}

/** What a key is derived from. `purpose` is 1 for a key, 2 for an initial vector, 3 for a MAC. */
export interface KeyDerivation {
  readonly digest: Digest;
  readonly salt: Buffer;
  readonly iterations: number;
  readonly purpose: 1 | 2 | 3;
  readonly length: number;
}

/** The key derivation of PKCS#12 (RFC 7292, appendix B.2); its letters are those of the RFC. */
export function pkcs12Key(seed: KeyDerivation, { password, consume: spend }: BudgetedPassword): Buffer {
  const { digest, salt, iterations: rounds, purpose, length } = seed;
  const v = digest.block;
  const diversifier = Buffer.alloc(v, purpose);
  // Two bytes a character, the higher first, and two of zero at the end (RFC 7292, appendix B.1).
  const text = Buffer.from(`${password}\0`, 'utf16le').swap16();
  const input = Buffer.concat([repeated(salt, v), repeated(text, v)]);
  const blocks: Buffer[] = [];
  const { hash } = nodeCrypto();
  for (let made = 0; made < length; made += digest.size) {
    spend(rounds);
    let a = hash(digest.name, Buffer.concat([diversifier, input]), 'buffer');
    for (let round = 1; round < rounds; round += 1) a = hash(digest.name, a, 'buffer');
    blocks.push(a);
    const b = Buffer.alloc(v, a);
    for (let at = 0; at < input.length; at += v) addOneMore(input.subarray(at, at + v), b);
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function decryptPbes2(parameters: DerElement | undefined, secret: Buffer, trial: BudgetedPassword): Decrypted {
  const [derivation, encryption] = elementsOf(parameters, derTag.sequence);
  const [derivationId, derivationParameters] = elementsOf(derivation, derTag.sequence);
  const [cipherId, iv] = elementsOf(encryption, derTag.sequence);
  const cipher = pbes2Ciphers.get(objectIdOf(cipherId));
  if (objectIdOf(derivationId) !== pbkdf2 || cipher === undefined) return { kind: 'unknownCipher' };
  const [salt, rounds, ...optional] = elementsOf(derivationParameters, derTag.sequence);
  // The length of the key may stand here too; the cipher says it already.
  const pseudoRandomFunction = optional.find(({ tag }) => tag === derTag.sequence);
  const digest =
    pseudoRandomFunction === undefined
      ? 'sha1'
      : pseudoRandom.get(objectIdOf(elementsOf(pseudoRandomFunction, derTag.sequence)[0]));
  if (digest === undefined) return { kind: 'unknownCipher' };
  const count = integerOf(rounds);
  trial.consume(count);
  const key = nodeCrypto().pbkdf2Sync(trial.password, contentOf(salt, derTag.octets), count, cipher.keySize, digest);
  return decipher({ name: cipher.name, key, iv: contentOf(iv, derTag.octets) }, secret);
}

function decipher(
  { name, key, iv }: { readonly name: string; readonly key: Buffer; readonly iv: Buffer },
  secret: Buffer,
): Decrypted {
  if (iv.length !== (name.startsWith('aes') ? 16 : 8)) throw new DerError('an initial vector has a wrong length');
  if (name === 'rc2') {
    const bytes = decryptRc2Cbc(secret, { key, iv, effectiveBits: 8 * key.length });
    return bytes === undefined ? { kind: 'wrongKey' } : { kind: 'plain', bytes };
  }
  try {
    const opened = nodeCrypto().createDecipheriv(name, key, iv);
    return { kind: 'plain', bytes: Buffer.concat([opened.update(secret), opened.final()]) };
  } catch {
    // The padding is wrong, or this OpenSSL has been told not to know 3DES (FIPS).
    return { kind: 'wrongKey' };
  }
}

/** As often as it takes to fill whole blocks; nothing stays nothing. */
function repeated(bytes: Buffer, block: number): Buffer {
  const length = block * Math.ceil(bytes.length / block);
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, bytes);
}

/** target = target + other + 1, as numbers of that many bytes. */
function addOneMore(target: Buffer, other: Buffer): void {
  let carry = 1;
  for (let at = target.length - 1; at >= 0; at -= 1) {
    carry += (target[at] ?? 0) + (other[at] ?? 0);
    target[at] = carry & 0xff;
    carry >>= 8;
  }
}
