/** Number of senders to remember. The least recently active one is evicted first. */
const maxSenders = 16_384;
/** A message may arrive after this many later ones of its sender; an older one counts as replayed. */
const windowSize = 128;

interface Sender {
  highest: number;
  /** The sequence numbers of the window that have been seen. */
  readonly seen: Set<number>;
}

/** Detects replayed messages by sender and sequence number, like IPsec (RFC 4303, section 3.4.3). */
export class ReplayGuard {
  readonly #senders = new Map<string, Sender>();

  /** Returns true for a message that has not been seen before, and remembers it. */
  accept(senderId: string, sequence: number): boolean {
    const sender = this.#touch(senderId);
    if (sequence <= sender.highest - windowSize || sender.seen.has(sequence)) return false;
    sender.seen.add(sequence);
    sender.highest = Math.max(sender.highest, sequence);
    for (const number of sender.seen) {
      if (number > sender.highest - windowSize) break;
      sender.seen.delete(number);
    }
    return true;
  }

  #touch(senderId: string): Sender {
    const sender = this.#senders.get(senderId) ?? { highest: 0, seen: new Set() };
    this.#senders.delete(senderId);
    this.#senders.set(senderId, sender);
    const [oldest] = this.#senders.keys();
    if (this.#senders.size > maxSenders && oldest !== undefined) this.#senders.delete(oldest);
    return sender;
  }
}
