import { randomBytes } from 'node:crypto';
import type { Clock, Envelope, StoreNews } from '@kms-secrets/core';

/** What processes tell one another. */
export type Telling = Extract<StoreNews, { readonly kind: 'written' | 'removed' }>;

/** As old a message may be, by the calendars of two machines; KMS takes no signature from further off either. */
const oldestMessage = 900_000;
/** So many messages are remembered, to know one that is sent again. */
const mostSeen = 16_384;

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
  readonly #seen = new Set<string>();
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
    return this.#envelope.sealNote({ text, at: this.#clock.date() }, this.#about);
  }

  /** Nothing for what is our own, forged, sent again or too old. */
  read(message: Uint8Array): Telling | undefined {
    const note = this.#envelope.openNote(message, this.#about);
    if ('problem' in note || Math.abs(this.#clock.date() - note.at) > oldestMessage) return undefined;
    // Sealed by one of ours: it is what `write` makes of it.
    const { from, count, telling } = JSON.parse(note.text) as { from: string; count: number; telling: Telling };
    const id = `${from} ${count}`;
    if (from === this.#from || this.#seen.has(id)) return undefined;
    this.#seen.add(id);
    const [oldest] = this.#seen;
    if (this.#seen.size > mostSeen && oldest !== undefined) this.#seen.delete(oldest);
    return telling;
  }
}
