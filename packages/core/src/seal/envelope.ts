import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { StoredSecret } from '../ports/store.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { formatVersions } from './format-versions.ts';

/** Where an entry is stored. Only hashes: the name of the secret cannot be read or guessed without the key. */
export interface EntryLocation {
  /** 16 hex digits that identify the key. */
  readonly keyId: string;
  /** 32 hex digits, the same for all stages and versions of a secret. */
  readonly nameHash: string;
  /** 32 hex digits of the whole request: name, stage, version. */
  readonly requestHash: string;
}

/** A secret and its request. */
export interface SecretEntry {
  readonly request: SecretRequest;
  readonly secret: StoredSecret;
}

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
  /** The location of a request under each key. Writers use the first one. */
  locations(request: SecretRequest): readonly [EntryLocation, ...EntryLocation[]];
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
const offsets = { version: 0, kind: 1, keyId: 2, timestamp: 10, nonce: 18, content: 30 } as const;
const tagLength = 16;
const noData = new Uint8Array();
/** An unpaired surrogate, which UTF-8 cannot encode. */
const loneSurrogate = /[\ud800-\udfff]/u;

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
  readonly #first: Subkeys;
  readonly #keys: ReadonlyMap<string, Subkeys>;

  constructor(masterKeys: readonly Uint8Array[], [version, ...others]: typeof formatVersions = formatVersions) {
    this.version = version;
    this.formats = [this, ...others.map((other) => new SealedEnvelope(masterKeys, [other]))];
    const keys = masterKeys.map(deriveSubkeys);
    const [first] = keys;
    if (first === undefined) throw new RangeError('An envelope needs at least one key.');
    this.#first = first;
    this.#keys = new Map(keys.map((key) => [key.id, key]));
  }

  locations(request: SecretRequest): readonly [EntryLocation, ...EntryLocation[]] {
    const [, ...others] = this.#keys.values();
    return [locate(this.#first, request), ...others.map((key) => locate(key, request))];
  }

  fieldOf({ requestHash }: Pick<EntryLocation, 'requestHash'>): string {
    return `${requestHash}.v${this.version}`;
  }

  seal({ request, secret }: SecretEntry, location: EntryLocation, associatedData: Uint8Array = noData): Buffer {
    const { fetchedAt, value, ...rest } = secret;
    const header = { request: requestParts(request), secret: rest };
    // Outside of the JSON the value needs no escaping, which is faster. Only JSON can hold an unpaired surrogate.
    const text = loneSurrogate.test(value)
      ? JSON.stringify({ ...header, secret: { ...rest, value } })
      : `${JSON.stringify(header)}\n${value}`;
    return this.#encrypt({ kind: kinds.secret, timestamp: fetchedAt, text }, [bytesOf(location), associatedData]);
  }

  unseal(
    sealed: Uint8Array,
    location: Omit<EntryLocation, 'keyId'>,
    associatedData: Uint8Array = noData,
  ): SecretEntry | UnsealFailure {
    const decrypted = this.#decrypt(sealed, kinds.secret, [bytesOf(location), associatedData]);
    if ('reason' in decrypted) return decrypted;
    return parseEntry(decrypted) ?? { reason: 'was sealed with the right key but holds no secret' };
  }

  sealMessage({ text, timestamp }: EnvelopeMessage, context: string): Buffer {
    return this.#encrypt({ kind: kinds.message, timestamp, text }, [Buffer.from(context)]);
  }

  unsealMessage(sealed: Uint8Array, context: string): EnvelopeMessage | UnsealFailure {
    return this.#decrypt(sealed, kinds.message, [Buffer.from(context)]);
  }

  #encrypt(content: EnvelopeMessage & { readonly kind: number }, associatedData: readonly Uint8Array[]): Buffer {
    const header = Buffer.allocUnsafe(offsets.content);
    header[offsets.version] = this.#versionOf(content.kind);
    header[offsets.kind] = content.kind;
    header.write(this.#first.id, offsets.keyId, 'hex');
    header.writeDoubleBE(content.timestamp, offsets.timestamp);
    // NIST SP 800-38D allows 2^32 random nonces under one key.
    const nonce = randomBytes(offsets.content - offsets.nonce);
    header.set(nonce, offsets.nonce);
    const cipher = createCipheriv('aes-256-gcm', this.#first.sealKey, nonce);
    cipher.setAAD(Buffer.concat([header, ...associatedData]));
    const body = cipher.update(content.text, 'utf8');
    // GCM is a stream cipher: `final` returns no bytes, but computes the tag.
    cipher.final();
    return Buffer.concat([header, body, cipher.getAuthTag()]);
  }

  #decrypt(sealed: Uint8Array, kind: number, associatedData: readonly Uint8Array[]): EnvelopeMessage | UnsealFailure {
    if (sealed.length < offsets.content + tagLength) return { reason: 'is truncated' };
    const keyId = keyIdOf(sealed);
    const key = this.#keys.get(keyId);
    const version = sealed[offsets.version];
    const expected = this.#versionOf(kind);
    if (version !== expected) {
      const reason = `has format version ${version} instead of ${expected}`;
      return key !== undefined && isNewerFormat(sealed, keyId, expected) ? { reason, isNewer: true } : { reason };
    }
    if (key === undefined) return { reason: `was sealed with an unknown key (${keyId})` };
    const header = sealed.subarray(0, offsets.content);
    try {
      if (sealed[offsets.kind] !== kind) return { reason: tampered };
      const decipher = createDecipheriv('aes-256-gcm', key.sealKey, header.subarray(offsets.nonce));
      decipher.setAAD(Buffer.concat([header, ...associatedData]));
      decipher.setAuthTag(sealed.subarray(-tagLength));
      const body = decipher.update(sealed.subarray(offsets.content, -tagLength));
      decipher.final();
      return { text: body.toString('utf8'), timestamp: timestampOf(sealed) };
    } catch {
      // OpenSSL gives no other reason than a tag that does not match.
      return { reason: tampered };
    }
  }

  #versionOf(kind: number): number {
    return kind === kinds.message ? messageVersion : this.version;
  }
}

/** Keys derived from one of the user's keys, one per purpose. */
interface Subkeys {
  /** 16 hex digits that identify the key and reveal nothing about it. */
  readonly id: string;
  readonly sealKey: KeyObject;
  readonly hashKey: KeyObject;
}

/** HKDF (RFC 5869), so that the hashes in file names and Redis keys reveal nothing about the sealing key. */
function deriveSubkeys(masterKey: Uint8Array): Subkeys {
  const derive = (purpose: string, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', masterKey, '', `kms-secrets ${purpose} 1`, length));
  return {
    id: derive('key id', 8).toString('hex'),
    sealKey: createSecretKey(derive('seal', 32)),
    hashKey: createSecretKey(derive('place', 32)),
  };
}

const tampered = 'is not authentic (modified, damaged or moved)';

function locate({ id, hashKey }: Subkeys, request: SecretRequest): EntryLocation {
  const hash = (text: string): string => createHmac('sha256', hashKey).update(text).digest('hex').slice(0, 32);
  // JSON lists of different lengths: no name can have the hash of a request.
  const parts = requestParts(request);
  return { keyId: id, nameHash: hash(JSON.stringify(parts.slice(0, 1))), requestHash: hash(JSON.stringify(parts)) };
}

function bytesOf({ nameHash, requestHash }: Omit<EntryLocation, 'keyId'>): Buffer {
  return Buffer.from(nameHash + requestHash);
}

function requestParts({ name, stage, versionId }: SecretRequest): readonly [string, string | null, string | null] {
  return [name, stage ?? null, versionId ?? null];
}

/** Validates the content although it is authentic: another version of this package may have written it. */
function parseEntry({ text, timestamp }: EnvelopeMessage): SecretEntry | undefined {
  const headerEnd = text.indexOf('\n');
  const value = headerEnd < 0 ? undefined : text.slice(headerEnd + 1);
  let content: unknown;
  try {
    content = JSON.parse(headerEnd < 0 ? text : text.slice(0, headerEnd));
  } catch {
    return undefined; // the error would quote the text
  }
  if (!isEntryContent(content, value) || !Number.isFinite(timestamp)) return undefined;
  const [name, stage, versionId] = content.request;
  const { secret } = content;
  return {
    request: { name, stage: stage ?? undefined, versionId: versionId ?? undefined },
    secret: value === undefined ? { ...secret, fetchedAt: timestamp } : { ...secret, value, fetchedAt: timestamp },
  };
}

interface EntryContent {
  readonly request: readonly [string, string | null, string | null];
  readonly secret: Omit<StoredSecret, 'fetchedAt'>;
}

function isEntryContent(content: unknown, separateValue: string | undefined): content is EntryContent {
  if (!isRecord(content) || !Array.isArray(content['request']) || !isRecord(content['secret'])) return false;
  const { name, versionId, type, dataType, value = separateValue, stages } = content['secret'];
  const [requestedName, ...parts] = content['request'];
  const isRequest = typeof requestedName === 'string' && parts.every((part) => part === null || isText(part));
  const areTexts = [name, versionId, type, value].every(isText) && Array.isArray(stages) && stages.every(isText);
  return isRequest && areTexts && (dataType === 'text' || dataType === 'binary') && hasValidDetails(content['secret']);
}

function hasValidDetails({ createdAt, rotation, extendedConfig }: Readonly<Record<string, unknown>>): boolean {
  const areObjects = [rotation, extendedConfig].every((value) => value === undefined || isRecord(value));
  return areObjects && (createdAt === undefined || typeof createdAt === 'number');
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
