import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { AccessKeys, GatewayKind, RegisteredClientKey } from '../auth/access-keys.ts';
import { issueCertificate } from '../certificates/certificate.ts';
import type { KeyPair } from '../certificates/certificate.ts';
import type { Files } from '../generated-files.ts';
import type { CalendarClock } from '../settable-clock.ts';
import { writePkcs12 } from './pkcs12.ts';

/** What a client key is made for. */
export interface FakeClientKeyOptions {
  /** Where it signs: on the shared gateway (OpenAPI), at instances (instance API), or at both. */
  readonly gateway: GatewayKind | 'both';
  /** The names its access point lets it read; all when left out. */
  readonly secrets?: readonly string[];
  /** Milliseconds since 1970, by the fake's clock. Five years from now when left out, as with KMS. */
  readonly expiresAt?: number;
  /** 8 to 64 digits, letters and `~!@#$%^&*?_-`, of two kinds at least. A made-up one when left out. */
  readonly password?: string;
}

/** A client key with the two files that KMS gives out for it, which only their owner can read. */
export interface FakeClientKey {
  /** `KAAP.` and a UUID. */
  readonly keyId: string;
  readonly password: string;
  /** What it signs with, for a test that signs by itself. */
  readonly privateKey: KeyObject;
  /** Path of `clientKey_KAAP.….json`. */
  readonly keyFile: string;
  /** Path of a file with the password. */
  readonly passwordFile: string;
  /** The PKCS#12 file in base64. */
  readonly privateKeyData: string;
  /** The text of the key file. */
  readonly json: string;
}

const fiveYears = 5 * 365 * 86_400_000;

/**
 * The key pairs of this process: making one may take a second. The first client key of every fake has the first pair,
 * the second one the second, so that no two keys of one fake are alike.
 */
const keyPairs: KeyPair[] = [];

/** What the KMS that made a client key keeps of it, for the others that are to know it too. */
const registrations = new WeakMap<FakeClientKey, RegisteredClientKey>();

/** Makes client keys (RSA 2048), makes them known to KMS and writes their files. */
export class ClientKeys {
  readonly #parts: { readonly keys: AccessKeys; readonly files: Files; readonly clock: CalendarClock };
  #made = 0;

  constructor(parts: { keys: AccessKeys; files: Files; clock: CalendarClock }) {
    this.#parts = parts;
  }

  create(options: FakeClientKeyOptions): FakeClientKey {
    const { keys, files, clock } = this.#parts;
    const { gateway, secrets, password = makePassword(), expiresAt = clock.date() + fiveYears } = options;
    checkPassword(password);
    const keyId = `KAAP.${randomUUID()}`;
    const { privateKey, publicKey } = this.#nextKeyPair();
    const { der: certificate } = issueCertificate({
      name: keyId,
      keyPair: { privateKey, publicKey },
      notBefore: Math.min(clock.date(), expiresAt),
      notAfter: expiresAt,
    });
    const privateKeyData = writePkcs12({ privateKey, certificate, password }).toString('base64');
    const json = JSON.stringify({ KeyId: keyId, PrivateKeyData: privateKeyData });
    const registration: RegisteredClientKey = {
      keyId,
      publicKey,
      gateways: gateway === 'both' ? ['shared', 'instance'] : [gateway],
      expiresAt,
      rights: (name) => secrets === undefined || secrets.includes(name),
    };
    keys.addClientKey(registration);
    const keyFile = files.write(`clientKey_${keyId}.json`, json);
    const passwordFile = files.write(`clientKey_${keyId}_Password.txt`, password);
    const key = { keyId, password, privateKey, privateKeyData, json, keyFile, passwordFile };
    registrations.set(key, registration);
    return key;
  }

  /** Makes a key known that another fake has made, as it is known there. */
  add(key: FakeClientKey): void {
    const registration = registrations.get(key);
    if (registration === undefined)
      throw new TypeError('Only what createClientKey() of a fake KMS returned can be added to another one.');
    this.#parts.keys.addClientKey(registration);
  }

  #nextKeyPair(): KeyPair {
    const pair = (keyPairs[this.#made] ??= generateKeyPairSync('rsa', { modulusLength: 2048 }));
    this.#made += 1;
    return pair;
  }
}

function makePassword(): string {
  return `Fake-${randomBytes(12).toString('hex')}`;
}

/** What KMS demands of a password (CreateClientKey); one it would refuse must not pass a test here. */
function checkPassword(password: string): void {
  const kinds = [/\d/, /[a-z]/i, /[~!@#$%^&*?_-]/].filter((kind) => kind.test(password)).length;
  if (!/^[0-9a-z~!@#$%^&*?_-]{8,64}$/i.test(password) || kinds < 2) {
    throw new TypeError('The password of a client key has 8 to 64 digits, letters and ~!@#$%^&*?_-, of two kinds.');
  }
}
