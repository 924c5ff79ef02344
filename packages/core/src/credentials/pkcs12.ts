import { ClientKeyError } from './client-key-error.ts';
import type { DerElement } from './der.ts';
import { contentOf, DerError, derTag, elementsOf, integerOf, objectIdOf, readDer } from './der.ts';
import { nodeCrypto } from './lazy-crypto.ts';
import type { Encrypted, BudgetedPassword } from './pkcs12-cipher.ts';
import { decrypt, digestNamed, pkcs12Key } from './pkcs12-cipher.ts';

/** What stood in a PKCS#12 file and could be decrypted. */
export interface Pkcs12Contents {
  /** PKCS#8, in DER. */
  readonly keys: readonly Buffer[];
  /** X.509, in DER. */
  readonly certificates: readonly Buffer[];
}

/** OpenSSL writes 2048 rounds, Java 10 000, others up to 100 000; a file that wants more is made to keep us busy. */
const mostRounds = 600_000;

const id = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509: '1.2.840.113549.1.9.22.1',
} as const;

/**
 * The keys and certificates of a PKCS#12 file (RFC 7292) that a password protects; throws `ClientKeyProblem`.
 *
 * RC2 is taken for a part that holds certificates, as in every client key that KMS hands out, and never for a key: see
 * docs/decisions/0007-client-keys.md.
 */
export function readPkcs12(file: Buffer, password: string): Pkcs12Contents {
  try {
    return readSafe(file, password);
  } catch (error) {
    if (error instanceof ClientKeyError) throw error;
    // Anything else is OpenSSL's, which refuses old hashes where it was told to (FIPS).
    if (!(error instanceof DerError)) throw new ClientKeyError(`PrivateKeyData cannot be opened by this Node.`);
    throw new ClientKeyError(`PrivateKeyData is not a PKCS#12 file, or is damaged: ${error.message}.`);
  }
}

function readSafe(file: Buffer, password: string): Pkcs12Contents {
  const [outer, ...rest] = readDer(file);
  const [version, safe, mac] = elementsOf(outer, derTag.sequence);
  if (integerOf(version) !== 3 || rest.length > 0) throw new DerError('it is not of version 3');
  const content = contentOf(dataOf(safe), derTag.octets);
  const trial = countedTrial(password);
  if (mac !== undefined) checkMac(mac, content, trial);
  const found = new Findings(trial, mac !== undefined);
  for (const part of elementsOf(onlyElement(content), derTag.sequence)) found.addPart(part);
  return found.contents();
}

function countedTrial(password: string): BudgetedPassword {
  let left = mostRounds;
  return {
    password,
    consume(rounds) {
      if (rounds < 1) throw new DerError('its password is meant to be hashed in no rounds');
      left -= rounds;
      if (left < 0)
        throw new ClientKeyError(`PrivateKeyData asks for more than ${mostRounds} rounds of password hashing.`);
    },
  };
}

/** MacData: { DigestInfo { algorithm, digest }, salt, rounds (1 if left out) }. */
function checkMac(mac: DerElement, content: Buffer, trial: BudgetedPassword): void {
  const [info, salt, rounds] = elementsOf(mac, derTag.sequence);
  const [algorithm, expected] = elementsOf(info, derTag.sequence);
  const digest = digestNamed(algorithm);
  if (digest === undefined) {
    const message = 'PrivateKeyData is protected by a kind of MAC that is not known here.';
    throw new ClientKeyError(`${message} Export it anew with a SHA-1 or SHA-2 MAC.`);
  }
  const seed = {
    digest,
    salt: contentOf(salt, derTag.octets),
    iterations: rounds === undefined ? 1 : integerOf(rounds),
    purpose: 3,
    length: digest.size,
  } as const;
  const { createHmac, timingSafeEqual } = nodeCrypto();
  const actual = createHmac(digest.name, pkcs12Key(seed, trial)).update(content).digest();
  const given = contentOf(expected, derTag.octets);
  if (given.length !== actual.length || !timingSafeEqual(given, actual)) throw wrongPassword();
}

function wrongPassword(): ClientKeyError {
  return new ClientKeyError('The password does not open PrivateKeyData: it is the wrong one, or the file was changed.');
}

/** Collects what the parts of a safe hold. */
class Findings {
  readonly #trial: BudgetedPassword;
  readonly #isChecked: boolean;
  readonly #keys: Buffer[] = [];
  readonly #certificates: Buffer[] = [];
  /** Set if something was passed over because its cipher is not known here. */
  #passedOver = false;

  constructor(trial: BudgetedPassword, isChecked: boolean) {
    this.#trial = trial;
    this.#isChecked = isChecked;
  }

  contents(): Pkcs12Contents {
    if (this.#keys.length === 0) {
      const why = this.#passedOver
        ? 'PrivateKeyData holds no key that can be decrypted here: other ciphers than 3DES and AES, such as RC2, are not taken for keys.'
        : 'PrivateKeyData holds no private key.';
      throw new ClientKeyError(`${why} Create a client key in KMS, and use its file as it is.`);
    }
    return { keys: this.#keys, certificates: this.#certificates };
  }

  addPart(part: DerElement): void {
    const [type] = elementsOf(part, derTag.sequence);
    const name = objectIdOf(type);
    if (name === id.data) this.#addBags(contentOf(dataOf(part), derTag.octets));
    else if (name === id.encryptedData) {
      const plain = this.#decryptPart(dataOf(part));
      if (plain !== undefined) this.#addBags(plain);
    }
  }

  /** EncryptedData: { version, { type, algorithm, [0] content } }. */
  #decryptPart(data: DerElement): Buffer | undefined {
    const [, content] = elementsOf(data, derTag.sequence);
    const [, algorithm, secret] = elementsOf(content, derTag.sequence);
    return this.#decrypt({ algorithm, ciphertext: contentOf(secret, derTag.plainContext0), allowRc2: true });
  }

  #decrypt(encrypted: Encrypted): Buffer | undefined {
    const opened = decrypt(encrypted, this.#trial);
    switch (opened.kind) {
      case 'plain':
        return opened.bytes;
      case 'unknownCipher':
        this.#passedOver = true;
        return undefined;
      case 'wrongKey':
        // Without a MAC, this is how a wrong password shows.
        if (!this.#isChecked) throw wrongPassword();
        throw new DerError('a part cannot be decrypted, although the password is right');
      default:
        return opened satisfies never;
    }
  }

  #addBags(safe: Buffer): void {
    for (const bag of elementsOf(onlyElement(safe), derTag.sequence)) {
      const [type, wrapped] = elementsOf(bag, derTag.sequence);
      const value = onlyElement(contentOf(wrapped, derTag.context0));
      this.#addBag(objectIdOf(type), value);
    }
  }

  #addBag(type: string, value: DerElement): void {
    if (type === id.keyBag) this.#keys.push(encoded(value));
    else if (type === id.shroudedKeyBag) {
      const [algorithm, secret] = elementsOf(value, derTag.sequence);
      const key = this.#decrypt({ algorithm, ciphertext: contentOf(secret, derTag.octets), allowRc2: false });
      if (key !== undefined) this.#keys.push(key);
    } else if (type === id.certificateBag) {
      const [kind, certificate] = elementsOf(value, derTag.sequence);
      if (objectIdOf(kind) !== id.x509) return;
      this.#certificates.push(contentOf(onlyElement(contentOf(certificate, derTag.context0)), derTag.octets));
    }
  }
}

/** ContentInfo: { type, [0] content }. */
function dataOf(part: DerElement | undefined): DerElement {
  const [, wrapped] = elementsOf(part, derTag.sequence);
  return onlyElement(contentOf(wrapped, derTag.context0));
}

function onlyElement(bytes: Buffer): DerElement {
  const [only, ...rest] = readDer(bytes);
  if (only === undefined || rest.length > 0) throw new DerError('there is not one element where one is expected');
  return only;
}

/** A sequence as it stood in the file, its head included. */
function encoded({ tag, content }: DerElement): Buffer {
  const head = Buffer.from([tag, 0x84, 0, 0, 0, 0]);
  head.writeUInt32BE(content.length, 2);
  return Buffer.concat([head, content]);
}
