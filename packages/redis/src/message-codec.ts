import { randomBytes } from 'node:crypto';
import { toSecretRequest } from '@kms-secrets/core';
import type { Clock, Envelope, StoreEvent } from '@kms-secrets/core';
import { ReplayGuard } from './replay-guard.ts';

/** A message that the processes of a fleet exchange. */
export type StoreMessage = Extract<StoreEvent, { readonly kind: 'written' | 'removed' }>;

/** Maximum age (ms) by the clocks of two machines; KMS allows signatures the same difference. */
const maxAge = 900_000;
/** Characters; ours have 16. */
const maxSenderId = 64;

/** The JSON of a sealed message; see docs/store-format.md. */
interface MessageContent {
  readonly from: string;
  readonly count: number;
  readonly message: StoreMessage;
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
  readonly #senderId = randomBytes(12).toString('base64url');
  #sequence = 0;
  #hasReported = false;

  constructor({ envelope, clock, channel, onUnknownForm }: MessageCodecParts) {
    this.#envelope = envelope;
    this.#clock = clock;
    this.#context = `news on ${channel}`;
    this.#onUnknownForm = onUnknownForm;
  }

  encode(message: StoreMessage): Buffer {
    this.#sequence += 1;
    const content: MessageContent = { from: this.#senderId, count: this.#sequence, message };
    return this.#envelope.sealMessage({ text: JSON.stringify(content), timestamp: this.#clock.date() }, this.#context);
  }

  /**
   * Returns `undefined` for a message of this process, and for one that is not authentic, replayed, too old or of an unknown
   * form. Never throws: an exception in the listener of the channel would end the process.
   */
  decode(bytes: Uint8Array): StoreMessage | undefined {
    const unsealed = this.#envelope.unsealMessage(bytes, this.#context);
    if ('reason' in unsealed || !(Math.abs(this.#clock.date() - unsealed.timestamp) <= maxAge)) return undefined;
    const content = parseContent(unsealed.text);
    if (content === undefined) {
      this.#reportUnknownForm();
      return undefined;
    }
    const { from, count, message } = content;
    return from !== this.#senderId && this.#replays.accept(from, count) ? message : undefined;
  }

  #reportUnknownForm(): void {
    if (this.#hasReported) return;
    this.#hasReported = true;
    this.#onUnknownForm();
  }
}

/** Validates the content although it is authentic: another version of this package may have written it. */
function parseContent(text: string): MessageContent | undefined {
  const content = parseObject(text);
  if (content === undefined) return undefined;
  const { from, count } = content;
  const message = toMessage(content['message']);
  if (typeof from !== 'string' || from.length > maxSenderId || !isSequence(count) || message === undefined) {
    return undefined;
  }
  return { from, count, message };
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function toMessage(value: unknown): StoreMessage | undefined {
  if (!isObject(value)) return undefined;
  const { kind, name, fetchedAt } = value;
  if (kind === 'removed') return typeof name === 'string' ? { kind, name } : undefined;
  const request = toSecretRequest(value['request']);
  if (kind !== 'written' || request === undefined || typeof fetchedAt !== 'number') return undefined;
  return { kind, request, fetchedAt };
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** JSON may hold 1e400, which is parsed as infinity and would hide all later messages of the sender. */
function isSequence(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
