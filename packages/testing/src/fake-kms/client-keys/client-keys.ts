import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { AccessKeys, GatewayKind, RegisteredClientKey } from '../auth/access-keys.ts';
import { issueCertificate } from '../certificates/certificate.ts';
import type { KeyPair } from '../certificates/certificate.ts';
import type { GeneratedFiles } from '../generated-files.ts';
import { finiteTime } from '../settable-clock.ts';
import type { CalendarClock } from '../settable-clock.ts';
import { writePkcs12 } from './pkcs12.ts';

export interface FakeClientKeyOptions {
  /** Where the key is valid: on the shared gateways (OpenAPI), at instances (instance API), or at both. */
  readonly gateway: GatewayKind | 'both';
  /** The names of the secrets that its access point may read. Default: all. */
  readonly secrets?: readonly string[];
  /** Milliseconds since 1970, by the fake's clock. Default: five years from now, as in KMS. */
  readonly expiresAt?: number;
  /** 8 to 64 digits, letters and `~!@#$%^&*?_-`, of at least two kinds. Default: generated. */
  readonly password?: string;
  /**
   * Iterations of the key derivation that protects the key. Default: 2048, as in files of KMS. Opening such a file takes
   * about 10 ms; set 1 for tests that open many.
   */
  readonly iterations?: number;
}

/** A client key with the two files that KMS provides for it. Only their owner can read the files. */
export interface FakeClientKey {
  /** `KAAP.` and a UUID. */
  readonly keyId: string;
  readonly password: string;
  /** For tests that create signatures themselves. */
  readonly privateKey: KeyObject;
  /** Path of `clientKey_KAAP.….json`. */
  readonly keyFile: string;
  /** Path of the file with the password. */
  readonly passwordFile: string;
  /** The PKCS#12 file in base64. */
  readonly privateKeyData: string;
  /** The text of the key file. */
  readonly json: string;
}

const fiveYears = 5 * 365 * 86_400_000;

/**
 * The RSA key pairs of this process. Generating one can take a second, so the nth client key of every fake has the nth
 * pair: the keys of one fake still differ.
 */
const keyPairs: KeyPair[] = [];

/** The server side of each client key, for other fakes that register the same key. */
const registrations = new WeakMap<FakeClientKey, RegisteredClientKey>();

/** Creates client keys (RSA 2048), registers them with the fake and writes their files. */
export class ClientKeys {
  readonly #parts: { readonly keys: AccessKeys; readonly files: GeneratedFiles; readonly clock: CalendarClock };
  #createdCount = 0;

  constructor(parts: { keys: AccessKeys; files: GeneratedFiles; clock: CalendarClock }) {
    this.#parts = parts;
  }

  create(options: FakeClientKeyOptions): FakeClientKey {
    const { keys, files, clock } = this.#parts;
    const { gateway, secrets, password = createPassword(), expiresAt = clock.date() + fiveYears, iterations } = options;
    checkPassword(password);
    finiteTime(expiresAt, 'expiresAt of a client key');
    const keyId = `KAAP.${randomUUID()}`;
    const { privateKey, publicKey } = this.#nextKeyPair();
    const { der: certificate } = issueCertificate({
      name: keyId,
      keyPair: { privateKey, publicKey },
      notBefore: Math.min(clock.date(), expiresAt),
      notAfter: expiresAt,
    });
    const privateKeyData = writePkcs12({ privateKey, certificate, password, iterations }).toString('base64');
    const json = JSON.stringify({ KeyId: keyId, PrivateKeyData: privateKeyData });
    const registration: RegisteredClientKey = {
      keyId,
      publicKey,
      gateways: gateway === 'both' ? ['shared', 'instance'] : [gateway],
      expiresAt,
      canRead: (name) => secrets === undefined || secrets.includes(name),
    };
    keys.addClientKey(registration);
    const keyFile = files.write(`clientKey_${keyId}.json`, json);
    const passwordFile = files.write(`clientKey_${keyId}_Password.txt`, password);
    const key = { keyId, password, privateKey, privateKeyData, json, keyFile, passwordFile };
    registrations.set(key, registration);
    return key;
  }

  /** Registers a key that another fake created, with the same permissions and expiry. */
  add(key: FakeClientKey): void {
    const registration = registrations.get(key);
    if (registration === undefined) {
      throw new TypeError('addClientKey() accepts only an object that createClientKey() of another fake KMS returned.');
    }
    this.#parts.keys.addClientKey(registration);
  }

  #nextKeyPair(): KeyPair {
    const pair = (keyPairs[this.#createdCount] ??= generateKeyPairSync('rsa', { modulusLength: 2048 }));
    this.#createdCount += 1;
    return pair;
  }
}

function createPassword(): string {
  return `Fake-${randomBytes(12).toString('hex')}`;
}

/** Enforces the password rules of CreateClientKey, so that a test does not pass with a password that KMS rejects. */
function checkPassword(password: string): void {
  const kinds = [/\d/, /[a-z]/i, /[~!@#$%^&*?_-]/].filter((kind) => kind.test(password)).length;
  if (!/^[0-9a-z~!@#$%^&*?_-]{8,64}$/i.test(password) || kinds < 2) {
    throw new TypeError(
      'The password of a client key must have 8 to 64 digits, letters and ~!@#$%^&*?_-, of at least two kinds.',
    );
  }
}
