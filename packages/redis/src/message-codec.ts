import { randomBytes } from 'node:crypto';
import type { Clock, Envelope, StoreEvent } from '@kms-secrets/core';
import { ReplayGuard } from './replay-guard.ts';

/** A message that the processes of a fleet exchange. */
export type StoreMessage = Extract<StoreEvent, { readonly kind: 'written' | 'removed' }>;

/** Maximum age (ms) by the clocks of two machines; KMS allows signatures the same difference. */
const maxAge = 900_000;

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
  readonly #replays = new ReplayGuard();
  readonly #senderId = randomBytes(12).toString('base64url');
  #sequence = 0;

  constructor({ envelope, clock, channel }: MessageCodecParts) {
    this.#envelope = envelope;
    this.#clock = clock;
    this.#context = `news on ${channel}`;
  }

  encode(message: StoreMessage): Buffer {
    this.#sequence += 1;
    const content: MessageContent = { from: this.#senderId, count: this.#sequence, message };
    return this.#envelope.sealMessage({ text: JSON.stringify(content), timestamp: this.#clock.date() }, this.#context);
  }

  /** Returns `undefined` for a message of this process, and for one that is not authentic, replayed or too old. */
  decode(bytes: Uint8Array): StoreMessage | undefined {
    const unsealed = this.#envelope.unsealMessage(bytes, this.#context);
    if ('reason' in unsealed || Math.abs(this.#clock.date() - unsealed.timestamp) > maxAge) return undefined;
    const { from, count, message } = JSON.parse(unsealed.text) as MessageContent; // authentic, so `encode` wrote it
    return from !== this.#senderId && this.#replays.accept(from, count) ? message : undefined;
  }
}
