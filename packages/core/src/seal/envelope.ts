import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { StoredSecret } from '../ports/store.ts';
import type { SecretRequest } from '../ports/transport.ts';

/** Where a secret is kept, as hashes: nobody without the key can tell which secret it is, or find out by guessing names. */
export interface EntryLocation {
  readonly keyId: string;
  /** 32 hex digits, the same for all stages and versions of a secret. */
  readonly name: string;
  /** 32 hex digits of the whole request: name, stage, version. */
  readonly request: string;
}

/** A secret, and what was asked for when it came. */
export interface SecretEntry {
  readonly request: SecretRequest;
  readonly secret: StoredSecret;
}

/** A short text that is not a secret, and when it was written, in milliseconds since 1970. */
export interface EnvelopeMessage {
  readonly text: string;
  readonly at: number;
}

/** Why something sealed is not trusted, as the end of a sentence that begins with what it is. */
export interface UnsealFailure {
  readonly problem: string;
}

/**
 * Seals secrets before they leave the process, and opens them. The format is docs/store-format.md.
 *
 * What was sealed for one place opens at no other, and `bound`, whatever else must belong to it, must be the same again.
 */
export interface Envelope {
  /** The place of a request by each key; the first is where it is written. */
  places(request: SecretRequest): readonly [EntryLocation, ...EntryLocation[]];
  seal(kept: SecretEntry, place: EntryLocation, bound?: Uint8Array): Buffer;
  open(sealed: Uint8Array, place: Omit<EntryLocation, 'keyId'>, bound?: Uint8Array): SecretEntry | UnsealFailure;
  sealNote(note: EnvelopeMessage, about: string): Buffer;
  openNote(sealed: Uint8Array, about: string): EnvelopeMessage | UnsealFailure;
}

/** The first byte of everything sealed. What another version wrote is left to it. */
const formatVersion = 1;
const kinds = { secret: 1, note: 2 } as const;
/** Where each part begins; before the content: version, kind, key id, moment, nonce. After it: the tag. */
const parts = { version: 0, kind: 1, keyId: 2, at: 10, nonce: 18, content: 30 } as const;
const tagLength = 16;
const nothing = new Uint8Array();
/** Half of a character, which UTF-8 cannot hold. */
const loneSurrogate = /[\ud800-\udfff]/u;

/** When something sealed was fetched or written, as its head says; not proven before it is opened. */
export function momentOf(sealed: Uint8Array): number {
  return sealed.length < parts.content ? Number.NaN : bufferOf(sealed).readDoubleBE(parts.at);
}

/** The id of the key that something was sealed with, as its head says. */
function keyIdOf(sealed: Uint8Array): string {
  return bufferOf(sealed).toString('hex', parts.keyId, parts.at);
}

export class SealedEnvelope implements Envelope {
  readonly #first: Subkeys;
  readonly #keys: ReadonlyMap<string, Subkeys>;

  constructor(masters: readonly Uint8Array[]) {
    const keys = masters.map(subkeys);
    const [first] = keys;
    if (first === undefined) throw new RangeError('An envelope needs a key.');
    this.#first = first;
    this.#keys = new Map(keys.map((key) => [key.id, key]));
  }

  places(request: SecretRequest): readonly [EntryLocation, ...EntryLocation[]] {
    const [, ...others] = this.#keys.values();
    return [placeBy(this.#first, request), ...others.map((key) => placeBy(key, request))];
  }

  seal({ request, secret }: SecretEntry, place: EntryLocation, bound: Uint8Array = nothing): Buffer {
    const { fetchedAt, value, ...rest } = secret;
    const head = { request: requestParts(request), secret: rest };
    // The value as it is, which costs less than JSON; but what is no proper text only JSON keeps as it is.
    const text = loneSurrogate.test(value)
      ? JSON.stringify({ ...head, secret: { ...rest, value } })
      : `${JSON.stringify(head)}\n${value}`;
    return this.#seal({ kind: kinds.secret, at: fetchedAt, text }, [Buffer.from(place.name + place.request), bound]);
  }

  open(
    sealed: Uint8Array,
    place: Omit<EntryLocation, 'keyId'>,
    bound: Uint8Array = nothing,
  ): SecretEntry | UnsealFailure {
    const opened = this.#open(sealed, kinds.secret, [Buffer.from(place.name + place.request), bound]);
    if ('problem' in opened) return opened;
    return keptSecret(opened) ?? { problem: 'holds no secret, though it was sealed with our key' };
  }

  sealNote({ text, at }: EnvelopeMessage, about: string): Buffer {
    return this.#seal({ kind: kinds.note, at, text }, [Buffer.from(about)]);
  }

  openNote(sealed: Uint8Array, about: string): EnvelopeMessage | UnsealFailure {
    return this.#open(sealed, kinds.note, [Buffer.from(about)]);
  }

  #seal(content: EnvelopeMessage & { readonly kind: number }, bound: readonly Uint8Array[]): Buffer {
    const head = Buffer.allocUnsafe(parts.content);
    head[parts.version] = formatVersion;
    head[parts.kind] = content.kind;
    head.write(this.#first.id, parts.keyId, 'hex');
    head.writeDoubleBE(content.at, parts.at);
    // Drawn anew each time: NIST SP 800-38D allows 2^32 of these under one key.
    const nonce = randomBytes(parts.content - parts.nonce);
    head.set(nonce, parts.nonce);
    const cipher = createCipheriv('aes-256-gcm', this.#first.seal, nonce);
    cipher.setAAD(Buffer.concat([head, ...bound]));
    const body = cipher.update(content.text, 'utf8');
    // GCM is a stream: nothing is left to come but the tag.
    cipher.final();
    return Buffer.concat([head, body, cipher.getAuthTag()]);
  }

  #open(sealed: Uint8Array, kind: number, bound: readonly Uint8Array[]): EnvelopeMessage | UnsealFailure {
    if (sealed.length < parts.content + tagLength) return { problem: 'is cut short' };
    if (sealed[parts.version] !== formatVersion) {
      return {
        problem: `is of format version ${sealed[parts.version]}, which this version of kms-secrets does not know`,
      };
    }
    const keyId = keyIdOf(sealed);
    const key = this.#keys.get(keyId);
    if (key === undefined) return { problem: `was sealed with another key (${keyId}) than ours` };
    const head = sealed.subarray(0, parts.content);
    try {
      if (sealed[parts.kind] !== kind) return { problem: changed };
      const decipher = createDecipheriv('aes-256-gcm', key.seal, head.subarray(parts.nonce));
      decipher.setAAD(Buffer.concat([head, ...bound]));
      decipher.setAuthTag(sealed.subarray(-tagLength));
      const body = decipher.update(sealed.subarray(parts.content, -tagLength));
      decipher.final();
      return { text: body.toString('utf8'), at: momentOf(sealed) };
    } catch {
      // OpenSSL says no more than that the tag does not fit.
      return { problem: changed };
    }
  }
}

/** What is derived from one of the user's keys: one key a purpose. */
interface Subkeys {
  /** 16 hex digits that name the key and tell nothing of it. */
  readonly id: string;
  readonly seal: KeyObject;
  readonly place: KeyObject;
}

/** RFC 5869: what a file name or a key of Redis gives away is of no use for what is sealed. */
function subkeys(master: Uint8Array): Subkeys {
  const derive = (purpose: string, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', master, '', `kms-secrets ${purpose} 1`, length));
  return {
    id: derive('key id', 8).toString('hex'),
    seal: createSecretKey(derive('seal', 32)),
    place: createSecretKey(derive('place', 32)),
  };
}

const changed = 'was changed, damaged or put in the place of another';

function placeBy({ id, place }: Subkeys, request: SecretRequest): EntryLocation {
  const hash = (text: string): string => createHmac('sha256', place).update(text).digest('hex').slice(0, 32);
  // Two lists of different lengths: no name can be written so that its hash is that of a request.
  const whole = requestParts(request);
  return { keyId: id, name: hash(JSON.stringify(whole.slice(0, 1))), request: hash(JSON.stringify(whole)) };
}

function requestParts({ name, stage, versionId }: SecretRequest): readonly [string, string | null, string | null] {
  return [name, stage ?? null, versionId ?? null];
}

/** Sealed by one who has our key, but perhaps by a version of ours that is not this one: so it is looked at. */
function keptSecret({ text, at }: EnvelopeMessage): SecretEntry | undefined {
  const line = text.indexOf('\n');
  const value = line < 0 ? undefined : text.slice(line + 1);
  let content: unknown;
  try {
    content = JSON.parse(line < 0 ? text : text.slice(0, line));
  } catch {
    return undefined; // not the error, which would quote the text
  }
  if (!isContent(content, value) || !Number.isFinite(at)) return undefined;
  const [name, stage, versionId] = content.request;
  const { secret } = content;
  return {
    request: { name, stage: stage ?? undefined, versionId: versionId ?? undefined },
    secret: value === undefined ? { ...secret, fetchedAt: at } : { ...secret, value, fetchedAt: at },
  };
}

interface Content {
  readonly request: readonly [string, string | null, string | null];
  readonly secret: Omit<StoredSecret, 'fetchedAt'>;
}

function isContent(content: unknown, valueAfter: string | undefined): content is Content {
  if (!isRecord(content) || !Array.isArray(content['request']) || !isRecord(content['secret'])) return false;
  const { name, versionId, type, dataType, value = valueAfter, stages } = content['secret'];
  const isRequest = typeof content['request'][0] === 'string';
  const areTexts = [name, versionId, type, value].every((text) => typeof text === 'string');
  return isRequest && areTexts && Array.isArray(stages) && (dataType === 'text' || dataType === 'binary');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
