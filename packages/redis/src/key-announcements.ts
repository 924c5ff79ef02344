import type { Clock, StoreEvent } from '@kms-secrets/core';

/** How often a process announces its key (ms). */
const interval = 300_000;
/** How long a key counts as in use after its last announcement or message (ms). */
const lifetime = 900_000;
/** The longest delay of an announcement (ms). It is random, so that the processes of a fleet do not publish together. */
const maxDelay = 15_000;
/** Foreign keys that are remembered: a client that can publish can make up any number of them. */
const maxForeignKeys = 8;

/** The layout that announcements share with sealed messages: version, kind, key id, time. An announcement has no content. */
const offsets = { version: 0, kind: 1, keyId: 2, time: 10, end: 18 } as const;
const version = 1;
const kinds = { message: 2, announcement: 3 } as const;

export interface KeyAnnouncementsParts {
  readonly clock: Clock;
  /** The first one seals. */
  readonly keyIds: readonly string[];
  readonly prefix: string;
  readonly publish: (announcement: Buffer) => void;
  readonly emit: (event: Extract<StoreEvent, { readonly kind: 'foreignKeys' }>) => void;
}

/**
 * Notices processes that use the same prefix with another key. They share nothing, and neither can read a message of the other, so
 * each announces the id of its key in plain text: after it has subscribed, every five minutes, and in response to a foreign key.
 */
export class KeyAnnouncements {
  readonly #parts: KeyAnnouncementsParts;
  /** The date when each foreign key was seen last. */
  readonly #foreignKeys = new Map<string, number>();
  #cancelTimer = (): void => {};
  #isClosed = false;

  constructor(parts: KeyAnnouncementsParts) {
    this.#parts = parts;
  }

  /** Called for each new subscription. */
  start(): void {
    const { clock } = this.#parts;
    this.#cancelTimer();
    if (!this.#isClosed) this.#cancelTimer = clock.setUnrefTimer(clock.random() * maxDelay, () => this.#announce());
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
  }

  /** Looks at the key id of anything that arrives on the channel. */
  received(bytes: Uint8Array): void {
    const keyId = keyIdOf(bytes);
    if (keyId === undefined || this.#parts.keyIds.includes(keyId)) return;
    const isNew = !this.#foreignKeys.has(keyId);
    if (isNew && this.#foreignKeys.size >= maxForeignKeys) return;
    this.#foreignKeys.set(keyId, this.#parts.clock.now());
    if (!isNew) return;
    this.#emit();
    // A process that has just started learns of this one at once.
    this.start();
  }

  #announce(): void {
    const { keyIds, clock, publish } = this.#parts;
    this.#forgetOld();
    const bytes = Buffer.alloc(offsets.end);
    bytes[offsets.version] = version;
    bytes[offsets.kind] = kinds.announcement;
    bytes.write(keyIds[0] ?? '', offsets.keyId, 'hex');
    bytes.writeDoubleBE(clock.date(), offsets.time);
    publish(bytes);
    this.#cancelTimer = clock.setUnrefTimer(interval, () => this.#announce());
  }

  #forgetOld(): void {
    const now = this.#parts.clock.now();
    const old = [...this.#foreignKeys].filter(([, seenAt]) => now - seenAt > lifetime);
    for (const [keyId] of old) this.#foreignKeys.delete(keyId);
    if (old.length > 0) this.#emit();
  }

  #emit(): void {
    const { keyIds, prefix, emit } = this.#parts;
    const foreign = [...this.#foreignKeys.keys()];
    const conflict = `other processes use the prefix ${prefix} with the key ${foreign.join(', ')}, which this one does not have (it has ${keyIds.join(', ')}), so they share no secrets`;
    const advice = 'Set the same key in all processes of an application, and another prefix for each application';
    emit({ kind: 'foreignKeys', keyIds: foreign, reason: `${conflict}. ${advice}` });
  }
}

/** Of an announcement or a sealed message; `undefined` for anything else. */
function keyIdOf(bytes: Uint8Array): string | undefined {
  const kind = bytes[offsets.kind];
  if (bytes.length < offsets.end || bytes[offsets.version] !== version) return undefined;
  if (kind !== kinds.message && kind !== kinds.announcement) return undefined;
  return Buffer.from(bytes.subarray(offsets.keyId, offsets.time)).toString('hex');
}
