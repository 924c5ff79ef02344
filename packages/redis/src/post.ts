import { randomBytes } from 'node:crypto';
import type { Clock, Envelope, StoreEvent } from '@kms-secrets/core';

/** What processes tell one another. */
export type Telling = Extract<StoreEvent, { readonly kind: 'written' | 'removed' }>;

/** As old a message may be, by the calendars of two machines; KMS takes no signature from further off either. */
const oldestMessage = 900_000;
/** So many processes are remembered, those heard last, to know what of theirs is sent again. */
const mostSenders = 16_384;
/** By so many later ones of the same process a message may be overtaken; what is further behind is sent again. */
const window = 128;

/** A process, and the numbers of its messages: the highest, and those close to it. */
interface Sender {
  last: number;
  readonly recent: Set<number>;
}

/**
 * Messages that nobody without the key can read, write or send again: sealed, numbered, dated.
 *
 * A message sent again would be a way to make a whole fleet forget a secret, while KMS is away.
 */
export class Post {
  readonly #envelope: Envelope;
  readonly #clock: Clock;
  readonly #about: string;
  readonly #from = randomBytes(12).toString('base64url');
  readonly #senders = new Map<string, Sender>();
  #count = 0;

  constructor({
    envelope,
    clock,
    channel,
  }: {
    readonly envelope: Envelope;
    readonly clock: Clock;
    readonly channel: string;
  }) {
    this.#envelope = envelope;
    this.#clock = clock;
    this.#about = `news on ${channel}`;
  }

  write(telling: Telling): Buffer {
    this.#count += 1;
    const text = JSON.stringify({ from: this.#from, count: this.#count, telling });
    return this.#envelope.sealMessage({ text, timestamp: this.#clock.date() }, this.#about);
  }

  /** Nothing for what is our own, forged, sent again or too old. */
  read(message: Uint8Array): Telling | undefined {
    const note = this.#envelope.unsealMessage(message, this.#about);
    if ('reason' in note || Math.abs(this.#clock.date() - note.timestamp) > oldestMessage) return undefined;
    // Sealed by one of ours: it is what `write` makes of it.
    const { from, count, telling } = JSON.parse(note.text) as { from: string; count: number; telling: Telling };
    return from !== this.#from && this.#isFirst(from, count) ? telling : undefined;
  }

  #isFirst(from: string, count: number): boolean {
    const sender = this.#senders.get(from) ?? { last: 0, recent: new Set() };
    // The one that was heard last is forgotten last.
    this.#senders.delete(from);
    this.#senders.set(from, sender);
    const [oldest] = this.#senders.keys();
    if (this.#senders.size > mostSenders && oldest !== undefined) this.#senders.delete(oldest);
    if (count <= sender.last - window || sender.recent.has(count)) return false;
    sender.recent.add(count);
    sender.last = Math.max(sender.last, count);
    for (const past of sender.recent) {
      if (past > sender.last - window) break;
      sender.recent.delete(past);
    }
    return true;
  }
}
