import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SecretRequest } from '../secret/secret-request.ts';
import { formatEntry, parseEntry } from './entry-content.ts';
import type { SecretEntry } from './entry-content.ts';
import { formatVersions } from './format-versions.ts';
import { Locations } from './locations.ts';
import type { EntryLocation, EntryLocations, HashKey } from './locations.ts';
import { nonceLength, NoncePool } from './nonce-pool.ts';

export type { SecretEntry } from './entry-content.ts';
export type { EntryLocation } from './locations.ts';

/** A short text that is not a secret, such as a tombstone or a message to other processes. */
export interface EnvelopeMessage {
  readonly text: string;
  /** When it was written, in milliseconds since 1970. */
  readonly timestamp: number;
}

/** Why sealed bytes are not trusted. `reason` is a predicate: "is truncated". */
export interface UnsealFailure {
  readonly reason: string;
  /** A later release wrote it: it counts as absent, and is neither deleted nor overwritten. */
  readonly isNewer?: true;
}

/**
 * Encrypts and authenticates what leaves the process. The format is docs/store-format.md.
 *
 * An entry opens only at its own location and with the same associated data; a message only in its own context.
 */
export interface Envelope {
  /** The format version of the entries that it seals and unseals. */
  readonly version: number;
  /** An envelope of each version that this release reads. Writers use the first one, which is this one. */
  readonly formats: readonly [Envelope, ...Envelope[]];
  /** 16 hex digits for each key. The first one seals. */
  readonly keyIds: readonly [string, ...string[]];
  /** The location of a request under each key. Writers use the first one. */
  locations(request: SecretRequest): EntryLocations;
  /** The field of an entry in a store that keeps all entries of a name together. It begins with the request hash. */
  fieldOf(location: Pick<EntryLocation, 'requestHash'>): string;
  seal(entry: SecretEntry, location: EntryLocation, associatedData?: Uint8Array): Buffer;
  unseal(
    sealed: Uint8Array,
    location: Omit<EntryLocation, 'keyId'>,
    associatedData?: Uint8Array,
  ): SecretEntry | UnsealFailure;
  sealMessage(message: EnvelopeMessage, context: string): Buffer;
  unsealMessage(sealed: Uint8Array, context: string): EnvelopeMessage | UnsealFailure;
}

/** The first byte of a sealed message. The same in every release, so that all of them receive refusals. */
const messageVersion = 1;
const kinds = { secret: 1, message: 2 } as const;
/** The layout: version, kind, key id, timestamp, nonce, content, tag. */
const offsets = { version: 0, kind: 1, keyId: 2, timestamp: 10, nonce: 18, content: 18 + nonceLength } as const;
const tagLength = 16;
const noData = new Uint8Array();

/** The timestamp in the header: fetch time of a secret, write time of a message. Not authenticated before `unseal`. */
export function timestampOf(sealed: Uint8Array): number {
  return sealed.length < offsets.content ? Number.NaN : toBuffer(sealed).readDoubleBE(offsets.timestamp);
}

/**
 * Whether these bytes were sealed with this key, in a later format version. Bytes 0 to 17 are the same in every version. The key
 * id tells them from garbage that begins with a large number.
 */
export function isNewerFormat(sealed: Uint8Array, keyId: string, version: number): boolean {
  return (
    (sealed[offsets.version] ?? 0) > version &&
    sealed.length >= offsets.content + tagLength &&
    keyIdOf(sealed) === keyId
  );
}

function keyIdOf(sealed: Uint8Array): string {
  return toBuffer(sealed).toString('hex', offsets.keyId, offsets.timestamp);
}

export class SealedEnvelope implements Envelope {
  readonly version: number;
  readonly formats: readonly [Envelope, ...Envelope[]];
  readonly keyIds: readonly [string, ...string[]];
  readonly #first: Subkeys;
  readonly #keys: readonly Subkeys[];
  readonly #locations: Locations;
  readonly #nonces = new NoncePool();

  constructor(masterKeys: readonly Uint8Array[], versions: typeof formatVersions = formatVersions) {
    const [version, ...otherVersions] = versions;
    this.version = version;
    this.formats = [this, ...otherVersions.map((other) => new SealedEnvelope(masterKeys, [other]))];
    const [first, ...others] = new Map(masterKeys.map(deriveSubkeys).map((key) => [key.id, key])).values();
    if (first === undefined) throw new RangeError('An envelope needs at least one key.');
    this.#first = first;
    this.#keys = [first, ...others];
    this.keyIds = [first.id, ...others.map(({ id }) => id)];
    this.#locations = new Locations([first, ...others]);
  }

  locations(request: SecretRequest): EntryLocations {
    return this.#locations.of(request);
  }

  fieldOf({ requestHash }: Pick<EntryLocation, 'requestHash'>): string {
    return `${requestHash}.v${this.version}`;
  }

  seal(entry: SecretEntry, location: EntryLocation, associatedData: Uint8Array = noData): Buffer {
    const content = { kind: kinds.secret, timestamp: entry.secret.fetchedAt, text: formatEntry(entry) };
    return this.#encrypt(content, textOf(location), associatedData);
  }

  unseal(
    sealed: Uint8Array,
    location: Omit<EntryLocation, 'keyId'>,
    associatedData: Uint8Array = noData,
  ): SecretEntry | UnsealFailure {
    const decrypted = this.#decrypt(sealed, { kind: kinds.secret, context: textOf(location), associatedData });
    if ('reason' in decrypted) return decrypted;
    const { text, timestamp } = decrypted;
    return parseEntry(text, timestamp) ?? { reason: 'was sealed with the right key but holds no secret' };
  }

  sealMessage({ text, timestamp }: EnvelopeMessage, context: string): Buffer {
    return this.#encrypt({ kind: kinds.message, timestamp, text }, context, noData);
  }

  unsealMessage(sealed: Uint8Array, context: string): EnvelopeMessage | UnsealFailure {
    return this.#decrypt(sealed, { kind: kinds.message, context, associatedData: noData });
  }

  /** Associated data are the header, `context` and `associatedData`. */
  #encrypt(
    { kind, timestamp, text }: EnvelopeMessage & { readonly kind: number },
    context: string,
    associatedData: Uint8Array,
  ): Buffer {
    const contentLength = Buffer.byteLength(text);
    const dataLength = offsets.content + Buffer.byteLength(context) + associatedData.length;
    const sealedLength = offsets.content + contentLength + tagLength;
    // One buffer: the content replaces the associated data once the cipher has read them.
    const bytes = Buffer.allocUnsafe(Math.max(sealedLength, dataLength));
    bytes[offsets.version] = this.#versionOf(kind);
    bytes[offsets.kind] = kind;
    bytes.set(this.#first.idBytes, offsets.keyId);
    bytes.writeDoubleBE(timestamp, offsets.timestamp);
    this.#nonces.writeTo(bytes, offsets.nonce);
    bytes.write(context, offsets.content);
    bytes.set(associatedData, dataLength - associatedData.length);
    const cipher = createCipheriv('aes-256-gcm', this.#first.sealKey, bytes.subarray(offsets.nonce, offsets.content));
    cipher.setAAD(bytes.subarray(0, dataLength));
    bytes.set(cipher.update(text, 'utf8'), offsets.content);
    // GCM is a stream cipher: `final` returns no bytes, but computes the tag.
    cipher.final();
    bytes.set(cipher.getAuthTag(), offsets.content + contentLength);
    return bytes.length === sealedLength ? bytes : bytes.subarray(0, sealedLength);
  }

  #decrypt(sealed: Uint8Array, { kind, context, associatedData }: Expected): EnvelopeMessage | UnsealFailure {
    if (sealed.length < offsets.content + tagLength) return { reason: 'is truncated' };
    const key = this.#keys.find((one) => hasKeyId(sealed, one));
    const version = sealed[offsets.version];
    const expected = this.#versionOf(kind);
    if (version !== expected) {
      const reason = `has format version ${version} instead of ${expected}`;
      return key !== undefined && isNewerFormat(sealed, key.id, expected) ? { reason, isNewer: true } : { reason };
    }
    if (key === undefined) return { reason: `was sealed with an unknown key (${keyIdOf(sealed)})` };
    try {
      if (sealed[offsets.kind] !== kind) return { reason: tampered };
      const data = Buffer.allocUnsafe(offsets.content + Buffer.byteLength(context) + associatedData.length);
      toBuffer(sealed).copy(data, 0, 0, offsets.content);
      data.write(context, offsets.content);
      data.set(associatedData, data.length - associatedData.length);
      const nonce = sealed.subarray(offsets.nonce, offsets.content);
      const decipher = createDecipheriv('aes-256-gcm', key.sealKey, nonce);
      decipher.setAAD(data);
      decipher.setAuthTag(sealed.subarray(-tagLength));
      const body = decipher.update(sealed.subarray(offsets.content, -tagLength));
      decipher.final();
      return { text: body.toString('utf8'), timestamp: data.readDoubleBE(offsets.timestamp) };
    } catch {
      // OpenSSL gives no other reason than a tag that does not match.
      return { reason: tampered };
    }
  }

  #versionOf(kind: number): number {
    return kind === kinds.message ? messageVersion : this.version;
  }
}

/** What sealed bytes must be: associated data are their header, `context` and `associatedData`. */
interface Expected {
  readonly kind: number;
  readonly context: string;
  readonly associatedData: Uint8Array;
}

/** Keys derived from one of the user's keys, one per purpose. */
interface Subkeys extends HashKey {
  /** 16 hex digits that identify the key and reveal nothing about it. */
  readonly id: string;
  readonly idBytes: Uint8Array;
  readonly sealKey: KeyObject;
}

/** HKDF (RFC 5869), so that the hashes in file names and Redis keys reveal nothing about the sealing key. */
function deriveSubkeys(masterKey: Uint8Array): Subkeys {
  const derive = (purpose: string, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', masterKey, '', `kms-secrets ${purpose} 1`, length));
  const idBytes = derive('key id', 8);
  return {
    id: idBytes.toString('hex'),
    idBytes,
    sealKey: createSecretKey(derive('seal', 32)),
    hashKey: createSecretKey(derive('place', 32)),
  };
}

const tampered = 'is not authentic (modified, damaged or moved)';

/** Byte by byte: as hex digits it would take a tenth of the time of an `unseal`. */
function hasKeyId(sealed: Uint8Array, { idBytes }: Subkeys): boolean {
  for (let index = 0; index < idBytes.length; index += 1) {
    if (sealed[offsets.keyId + index] !== idBytes[index]) return false;
  }
  return true;
}

function textOf({ nameHash, requestHash }: Omit<EntryLocation, 'keyId'>): string {
  return nameHash + requestHash;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
