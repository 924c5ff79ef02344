import { ClientKeyError } from './client-key-error.ts';
import type { DerElement } from './der.ts';
import { contentOf, DerError, derTag, elementsOf, integerOf, objectIdOf, readDer } from './der.ts';
import { builtinModule } from '../platform/builtin-module.ts';
import type { BudgetedPassword, Encrypted } from './pkcs12-cipher.ts';
import { decrypt, derivePkcs12Key, digestOf, keyPurpose } from './pkcs12-cipher.ts';

/** The decrypted contents of a PKCS#12 file. */
export interface Pkcs12Contents {
  /** PKCS#8, in DER. */
  readonly keys: readonly Buffer[];
  /** X.509, in DER. */
  readonly certificates: readonly Buffer[];
}

/** OpenSSL writes 2048 iterations, Java 10,000, other tools up to 100,000. A file that requires more than this is an attack. */
const maxIterations = 600_000;

const id = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509: '1.2.840.113549.1.9.22.1',
} as const;

/**
 * Reads the keys and certificates of a password-protected PKCS#12 file (RFC 7292). Throws `ClientKeyError`.
 *
 * RC2 is accepted for certificates, which every client key of KMS encrypts with it, and never for keys:
 * docs/decisions/0007-client-key-parser.md.
 */
export function readPkcs12(file: Buffer, password: string): Pkcs12Contents {
  try {
    return readPfx(file, password);
  } catch (error) {
    if (error instanceof ClientKeyError) throw error;
    if (error instanceof DerError) {
      throw new ClientKeyError(`PrivateKeyData is not a PKCS#12 file, or is damaged: ${error.message}.`);
    }
    // OpenSSL in FIPS mode rejects old hashes, for example.
    throw new ClientKeyError('The OpenSSL of this Node.js does not support the algorithms of PrivateKeyData.');
  }
}

/** Reads a PFX: { version, authSafe, macData (optional) }. */
function readPfx(file: Buffer, password: string): Pkcs12Contents {
  const [pfx, ...rest] = readDer(file);
  const [version, authSafe, mac] = elementsOf(pfx, derTag.sequence);
  if (integerOf(version) !== 3 || rest.length > 0) throw new DerError('its version is not 3');
  const content = contentOf(dataOf(authSafe), derTag.octets);
  const budgeted = withBudget(password);
  if (mac !== undefined) checkMac(mac, content, budgeted);
  const reader = new SafeReader(budgeted, mac !== undefined);
  for (const contentInfo of elementsOf(onlyElement(content), derTag.sequence)) reader.add(contentInfo);
  return reader.contents();
}

function withBudget(password: string): BudgetedPassword {
  let remaining = maxIterations;
  return {
    password,
    consume(iterations) {
      if (iterations < 1) throw new DerError('its password hash has no iterations');
      remaining -= iterations;
      if (remaining < 0) {
        throw new ClientKeyError(`PrivateKeyData requires more than ${maxIterations} iterations of password hashing.`);
      }
    },
  };
}

/** Verifies MacData: { DigestInfo { algorithm, digest }, salt, iterations (default 1) }. */
function checkMac(mac: DerElement, content: Buffer, password: BudgetedPassword): void {
  const [info, salt, iterations] = elementsOf(mac, derTag.sequence);
  const [algorithm, expected] = elementsOf(info, derTag.sequence);
  const digest = digestOf(algorithm);
  if (digest === undefined) {
    throw new ClientKeyError(
      'PrivateKeyData has a MAC of an unsupported algorithm. Export the key again with a SHA-1 or SHA-2 MAC.',
    );
  }
  const derivation = {
    digest,
    salt: contentOf(salt, derTag.octets),
    iterations: iterations === undefined ? 1 : integerOf(iterations),
    purpose: keyPurpose.mac,
    length: digest.size,
  };
  const { createHmac, timingSafeEqual } = builtinModule('node:crypto');
  const actual = createHmac(digest.name, derivePkcs12Key(derivation, password)).update(content).digest();
  const given = contentOf(expected, derTag.octets);
  if (given.length !== actual.length || !timingSafeEqual(given, actual)) throw wrongPassword();
}

function wrongPassword(): ClientKeyError {
  return new ClientKeyError('PrivateKeyData could not be decrypted: the password is wrong, or the file was modified.');
}

/** Collects the contents of an AuthenticatedSafe. */
class SafeReader {
  readonly #password: BudgetedPassword;
  readonly #hasMac: boolean;
  readonly #keys: Buffer[] = [];
  readonly #certificates: Buffer[] = [];
  /** Whether an element was skipped because its cipher is not supported. */
  #hasUnsupported = false;

  constructor(password: BudgetedPassword, hasMac: boolean) {
    this.#password = password;
    this.#hasMac = hasMac;
  }

  contents(): Pkcs12Contents {
    if (this.#keys.length === 0) {
      const problem = this.#hasUnsupported
        ? 'PrivateKeyData contains no key with a supported cipher: only 3DES and AES are accepted for keys, RC2 is not.'
        : 'PrivateKeyData contains no private key.';
      throw new ClientKeyError(`${problem} Create a client key in KMS and use its file unchanged.`);
    }
    return { keys: this.#keys, certificates: this.#certificates };
  }

  add(contentInfo: DerElement): void {
    const [type] = elementsOf(contentInfo, derTag.sequence);
    const typeId = objectIdOf(type);
    if (typeId === id.data) this.#addBags(contentOf(dataOf(contentInfo), derTag.octets));
    else if (typeId === id.encryptedData) {
      const plaintext = this.#decryptData(dataOf(contentInfo));
      if (plaintext !== undefined) this.#addBags(plaintext);
    }
  }

  /** Decrypts EncryptedData: { version, { type, algorithm, [0] content } }. */
  #decryptData(data: DerElement): Buffer | undefined {
    const [, content] = elementsOf(data, derTag.sequence);
    const [, algorithm, ciphertext] = elementsOf(content, derTag.sequence);
    return this.#decrypt({
      algorithm,
      ciphertext: contentOf(ciphertext, derTag.plainContext0),
      allowRc2: true,
    });
  }

  #decrypt(encrypted: Encrypted): Buffer | undefined {
    const decrypted = decrypt(encrypted, this.#password);
    switch (decrypted.kind) {
      case 'plaintext':
        return decrypted.bytes;
      case 'unsupportedCipher':
        this.#hasUnsupported = true;
        return undefined;
      case 'badDecrypt':
        // Without a MAC, a wrong password is detected only here.
        if (!this.#hasMac) throw wrongPassword();
        throw new DerError('a part could not be decrypted, although the password is correct');
      default:
        return decrypted satisfies never;
    }
  }

  #addBags(safeContents: Buffer): void {
    for (const bag of elementsOf(onlyElement(safeContents), derTag.sequence)) {
      const [type, wrapped] = elementsOf(bag, derTag.sequence);
      const value = onlyElement(contentOf(wrapped, derTag.context0));
      this.#addBag(objectIdOf(type), value);
    }
  }

  #addBag(type: string, value: DerElement): void {
    if (type === id.keyBag) this.#keys.push(encode(value));
    else if (type === id.shroudedKeyBag) {
      const [algorithm, ciphertext] = elementsOf(value, derTag.sequence);
      const key = this.#decrypt({ algorithm, ciphertext: contentOf(ciphertext, derTag.octets), allowRc2: false });
      if (key !== undefined) this.#keys.push(key);
    } else if (type === id.certificateBag) {
      const [kind, certificate] = elementsOf(value, derTag.sequence);
      if (objectIdOf(kind) !== id.x509) return;
      this.#certificates.push(contentOf(onlyElement(contentOf(certificate, derTag.context0)), derTag.octets));
    }
  }
}

/** Returns the content of a ContentInfo: { type, [0] content }. */
function dataOf(contentInfo: DerElement | undefined): DerElement {
  const [, wrapped] = elementsOf(contentInfo, derTag.sequence);
  return onlyElement(contentOf(wrapped, derTag.context0));
}

function onlyElement(bytes: Buffer): DerElement {
  const [only, ...rest] = readDer(bytes);
  if (only === undefined || rest.length > 0) throw new DerError('a container does not have exactly one element');
  return only;
}

/** Returns the DER of an element with its header. */
function encode({ tag, content }: DerElement): Buffer {
  const header = Buffer.from([tag, 0x84, 0, 0, 0, 0]);
  header.writeUInt32BE(content.length, 2);
  return Buffer.concat([header, content]);
}
