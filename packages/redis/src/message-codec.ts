import { randomBytes } from 'node:crypto';
import { toSecretRequest } from '@kms-secrets/core';
import type { Clock, Envelope, SecretRequest, StoreEvent } from '@kms-secrets/core';
import { ReplayGuard } from './replay-guard.ts';

/** What this process sends to the others. */
export type OutgoingMessage =
  | (Extract<StoreEvent, { readonly kind: 'written' }> & { readonly versionId: string })
  | Extract<StoreEvent, { readonly kind: 'removed' }>;

/** What this process receives from the others. */
export type StoreMessage = Extract<StoreEvent, { readonly kind: 'written' | 'removed' | 'changed' }>;

/** Maximum age (ms) by the clocks of two machines; KMS allows signatures the same difference. */
const maxAge = 900_000;
/** Characters; ours have 16. */
const maxSenderId = 64;
/** Characters of a name or version id. Those of KMS are shorter, and names are remembered. */
const maxNameLength = 1_024;

/** The core of every message, which all releases write and understand; see docs/store-format.md. */
interface MessageCore {
  readonly version: number;
  readonly from: string;
  readonly count: number;
  readonly name: string;
  /** The version that was written. */
  readonly versionId?: string | undefined;
  /** KMS refused the secret to the sender, or the sender invalidated it. */
  readonly refused: boolean;
}

export interface MessageCodecParts {
  readonly envelope: Envelope;
  readonly clock: Clock;
  readonly channel: string;
  /** An authentic message has an unknown form. Called once, however many follow. */
  readonly onUnknownForm: () => void;
}

/**
 * Encodes messages so that only processes with the key can read or create them, and none can be replayed.
 *
 * A forged or replayed `removed` would make a whole fleet distrust a secret while KMS is unavailable.
 */
export class MessageCodec {
  readonly #envelope: Envelope;
  readonly #clock: Clock;
  readonly #context: string;
  readonly #onUnknownForm: () => void;
  readonly #replays = new ReplayGuard();
  /** The format versions of entries that this process can read. */
  readonly #readableVersions: ReadonlySet<number>;
  readonly #senderId = randomBytes(12).toString('base64url');
  #sequence = 0;
  #hasReported = false;

  constructor({ envelope, clock, channel, onUnknownForm }: MessageCodecParts) {
    this.#envelope = envelope;
    this.#clock = clock;
    this.#context = `news on ${channel}`;
    this.#onUnknownForm = onUnknownForm;
    this.#readableVersions = new Set(envelope.formats.map(({ version }) => version));
  }

  encode(message: OutgoingMessage): Buffer {
    this.#sequence += 1;
    const sender = { version: this.#envelope.version, from: this.#senderId, count: this.#sequence };
    const content = { ...sender, ...contentOf(message) };
    return this.#envelope.sealMessage({ text: JSON.stringify(content), timestamp: this.#clock.date() }, this.#context);
  }

  /**
   * Returns `undefined` for a message of this process, and for one that is not authentic, replayed, too old or of an unknown
   * form. Never throws: an exception in the listener of the channel would end the process.
   */
  decode(bytes: Uint8Array): StoreMessage | undefined {
    const unsealed = this.#envelope.unsealMessage(bytes, this.#context);
    if ('reason' in unsealed || !(Math.abs(this.#clock.date() - unsealed.timestamp) <= maxAge)) return undefined;
    const content = parseObject(unsealed.text);
    const core = content && toCore(content);
    const message = core && this.#toMessage(core, content);
    if (core === undefined || message === undefined) {
      this.#reportUnknownForm();
      return undefined;
    }
    const { from, count } = core;
    return from !== this.#senderId && this.#replays.accept(from, count) ? message : undefined;
  }

  /** Of a message about an entry that this process cannot read, only the core is known. */
  #toMessage({ version, name, versionId, refused }: MessageCore, content: Fields): StoreMessage | undefined {
    if (refused) return { kind: 'removed', name };
    if (!this.#readableVersions.has(version)) {
      return versionId === undefined ? undefined : { kind: 'changed', name, versionId };
    }
    const { fetchedAt } = content;
    const request = toSecretRequest(content['request']);
    if (request === undefined || request.name !== name || typeof fetchedAt !== 'number') return undefined;
    return { kind: 'written', request, fetchedAt };
  }

  #reportUnknownForm(): void {
    if (this.#hasReported) return;
    this.#hasReported = true;
    this.#onUnknownForm();
  }
}

/** What a message adds to the sender: the rest of the core, and for a written secret its request and fetch time. */
interface MessageContent extends Pick<MessageCore, 'name' | 'versionId' | 'refused'> {
  readonly request?: SecretRequest;
  readonly fetchedAt?: number;
}

function contentOf(message: OutgoingMessage): MessageContent {
  if (message.kind === 'removed') return { name: message.name, refused: true };
  const { request, fetchedAt, versionId } = message;
  return { name: request.name, versionId, refused: false, request, fetchedAt };
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Validates the content although it is authentic: another release may have written it. */
function toCore({ version, from, count, name, versionId, refused }: Fields): MessageCore | undefined {
  if (!isPositiveInteger(version) || !isPositiveInteger(count)) return undefined;
  if (!isText(from, maxSenderId) || !isText(name, maxNameLength) || typeof refused !== 'boolean') return undefined;
  if (versionId !== undefined && !isText(versionId, maxNameLength)) return undefined;
  return { version, from, count, name, versionId, refused };
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** JSON may hold 1e400, which is parsed as infinity and would hide all later messages of the sender. */
function isPositiveInteger(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.length <= maxLength;
}
