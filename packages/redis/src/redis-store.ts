import { StoreError } from '@kms-secrets/core';
import type {
  EntryLocation,
  Envelope,
  SecretEntry,
  SecretRequest,
  SecretStore,
  StoredSecret,
  StoreEvent,
  StoreLease,
} from '@kms-secrets/core';
import { Commands } from './commands.ts';
import { KeyAnnouncements } from './key-announcements.ts';
import { Connection, failedOverReason } from './connection.ts';
import { MessageCodec } from './message-codec.ts';
import { MessageReceiver } from './message-receiver.ts';
import { Outages } from './outages.ts';
import { parseOptions } from './options.ts';
import type { RedisStoreOptions, RedisStoreParts } from './options.ts';
import { toStoreError } from './redis-error.ts';
import { StoreEvents } from './store-events.ts';
import { dropOlderScript, dropScript, publishScript, readScript, removeScript, writeScript } from './scripts.ts';

/**
 * Creates a store that a fleet shares on Redis or Valkey. Names and values are encrypted before they leave the process. One
 * process fetches a secret from KMS, and the others receive it.
 *
 * Throws `ConfigurationError` for invalid options. While Redis is unavailable, operations reject with `StoreError`.
 */
export function redisStore(options: RedisStoreOptions): SecretStore {
  return new RedisStore(parseOptions(options));
}

/** A fetch time further ahead than this (ms) comes from a wrong clock: any other entry replaces it. */
const maxClockSkew = 60_000;
/** The second attempt replaces a present value that is not authentic; the third is for one written in between. */
const maxWriteAttempts = 3;

class RedisStore implements SecretStore {
  readonly name: string;
  readonly #parts: RedisStoreParts;
  /** Binds an entry to its prefix: Redis could copy it to another prefix of the same key. */
  readonly #associatedData: Buffer;
  readonly #connection: Connection;
  readonly #commands: Commands;
  readonly #events = new StoreEvents();
  readonly #receiver: MessageReceiver;
  #unlocked: Promise<{ readonly envelope: Envelope; readonly codec: MessageCodec }> | undefined;
  #keyIds: readonly string[] | undefined;
  #announcements: KeyAnnouncements | undefined;
  #isClosed = false;

  constructor(parts: RedisStoreParts) {
    this.name = ['redis store', parts.address, `(prefix ${parts.prefix})`].filter(Boolean).join(' ');
    this.#parts = parts;
    this.#associatedData = Buffer.from(parts.prefix);
    const outages = new Outages((event) => this.#events.emit(event));
    this.#connection = new Connection({
      ...parts,
      onUnavailable: (reason, node) => {
        if (node === undefined) outages.failed('commands', reason);
        else outages.nodeFailed(node, reason);
        if (node !== undefined) void this.#receiver.move(reason, node);
      },
      onRecovered: (node) => (node === undefined ? outages.recovered('commands') : outages.nodeRecovered(node)),
      onFailover: () => void this.#receiver.move(failedOverReason),
    });
    this.#commands = new Commands(this.#connection);
    this.#receiver = new MessageReceiver({
      ...parts,
      connection: this.#connection,
      channel: this.#channel,
      outages,
      onSubscribed: () => this.#announcements?.start(),
    });
  }

  get preparing(): Promise<unknown> | undefined {
    return this.#parts.keyring.deriving ?? this.#connection.connecting;
  }

  get keyIds(): readonly string[] | undefined {
    return this.#keyIds;
  }

  read(request: SecretRequest): Promise<StoredSecret | undefined> {
    return this.#run(`Secret "${request.name}" could not be read from ${this.name}`, async () => {
      const { envelope } = await this.#unlock();
      const reads = envelope.formats.flatMap((format) =>
        format.locations(request).map((location) => this.#readEntry(format, location, request.name)),
      );
      const entries = reads.length === 1 ? [await reads[0]] : await Promise.all(reads);
      const [newest] = entries
        .flatMap((entry) => entry ?? [])
        .toSorted((one, other) => other.secret.fetchedAt - one.secret.fetchedAt);
      return newest?.secret;
    });
  }

  async write(request: SecretRequest, secret: StoredSecret): Promise<void> {
    await this.#run(`Secret "${request.name}" could not be written to ${this.name}`, async () => {
      const { envelope, codec } = await this.#unlock();
      const [location, ...oldLocations] = envelope.locations(request);
      const sealed = envelope.seal({ request, secret }, location, this.#associatedData);
      const message = codec.encode({
        kind: 'written',
        request,
        fetchedAt: secret.fetchedAt,
        versionId: secret.versionId,
      });
      let replaceable: Buffer | '' = '';
      for (let attempt = 0; attempt < maxWriteAttempts; attempt += 1) {
        const present = await this.#commands.runScript(writeScript, this.#keyOf(location), [
          envelope.fieldOf(location),
          sealed,
          this.#parts.keepFor,
          replaceable,
          this.#channel,
          message,
        ]);
        if (!Buffer.isBuffer(present)) {
          await this.#dropOlder(oldLocations, sealed);
          return;
        }
        const unsealed = envelope.unseal(present, location, this.#associatedData);
        if ('secret' in unsealed && unsealed.secret.fetchedAt <= this.#parts.clock.date() + maxClockSkew) return;
        if ('reason' in unsealed && unsealed.isNewer === true) {
          this.#events.newer();
          return;
        }
        if ('reason' in unsealed) this.#events.dropped(unsealed.reason, request.name);
        replaceable = present;
      }
    });
  }

  async remove(request: SecretRequest): Promise<void> {
    await this.#run(`Secret "${request.name}" could not be removed from ${this.name}`, async () => {
      const { envelope, codec } = await this.#unlock();
      const counts = await Promise.all(
        envelope
          .locations(request)
          .map((location) => this.#commands.runScript(removeScript, this.#keyOf(location), [location.requestHash])),
      );
      // Users may request any name: the removal of an entry that did not exist concerns no other process.
      if (counts.every((count) => count === 0)) return;
      await this.#publish(codec.encode({ kind: 'removed', name: request.name }), request.name);
    });
  }

  async removeAll(name: string): Promise<void> {
    await this.#run(`Secret "${name}" could not be removed from ${this.name}`, async () => {
      const { envelope, codec } = await this.#unlock();
      const locations = envelope.locations({ name });
      await Promise.all(locations.map((location) => this.#commands.send(this.#keyOf(location), 'DEL')));
      await this.#publish(codec.encode({ kind: 'removed', name }), name);
    });
  }

  subscribe(listener: (event: StoreEvent) => void): () => void {
    const unsubscribe = this.#events.subscribe(listener);
    if (!this.#isClosed)
      this.#receiver.open(
        this.#unlock().then(
          ({ codec }) =>
            (bytes) =>
              this.#onMessage(codec, bytes),
        ),
      );
    return unsubscribe;
  }

  async lease(request: SecretRequest, ms: number): Promise<StoreLease | undefined> {
    return this.#run(`A lease on secret "${request.name}" could not be acquired from ${this.name}`, async () => {
      const { envelope } = await this.#unlock();
      const [location] = envelope.locations(request);
      const key = `${this.#parts.prefix}:lease:${location.keyId}:${location.requestHash}`;
      return this.#commands.lease(key, ms);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#events.clear();
    this.#announcements?.close();
    await this.#receiver.close();
    await this.#connection.close();
  }

  get #channel(): string {
    return `${this.#parts.prefix}:news`;
  }

  #keyOf({ keyId, nameHash }: EntryLocation): string {
    return `${this.#parts.prefix}:${keyId}:${nameHash}`;
  }

  /** On the node of a cluster that holds the secret: it has just responded, and another one may be down. */
  async #publish(message: Buffer, name: string): Promise<void> {
    const { envelope } = await this.#unlock();
    const [location] = envelope.locations({ name });
    await this.#commands.runScript(publishScript, this.#keyOf(location), [this.#channel, message]);
  }

  async #readEntry(envelope: Envelope, location: EntryLocation, name: string): Promise<SecretEntry | undefined> {
    const field = envelope.fieldOf(location);
    const sealed = await this.#commands.runScript(readScript, this.#keyOf(location), [field]);
    if (!Buffer.isBuffer(sealed)) return undefined;
    const unsealed = envelope.unseal(sealed, location, this.#associatedData);
    if ('secret' in unsealed) return unsealed;
    if (unsealed.isNewer === true) {
      this.#events.newer();
      return undefined;
    }
    this.#events.dropped(unsealed.reason, name);
    await this.#commands.runScript(dropScript, this.#keyOf(location), [field, sealed]);
    return undefined;
  }

  /** Removes what this entry, sealed with the first key, replaces under other keys: an old key can then be retired. */
  async #dropOlder(locations: readonly EntryLocation[], sealed: Buffer): Promise<void> {
    await Promise.all(
      locations.map((location) =>
        this.#commands.runScript(dropOlderScript, this.#keyOf(location), [location.requestHash, sealed]),
      ),
    );
  }

  #unlock(): Promise<{ readonly envelope: Envelope; readonly codec: MessageCodec }> {
    if (this.#isClosed) return Promise.reject(this.#closedError());
    const { keyring, prefix } = this.#parts;
    // Not a random salt: if Redis evicted it, the processes of the fleet would use different keys.
    this.#unlocked ??= keyring.unlock(`kms-secrets redis ${prefix}`).then((envelope) => {
      this.#keyIds = envelope.keyIds;
      this.#announcements = this.#createAnnouncements(envelope);
      return { envelope, codec: this.#createCodec(envelope) };
    });
    return this.#unlocked;
  }

  #createCodec(envelope: Envelope): MessageCodec {
    const reason = `messages of an unknown form on the channel ${this.#channel} are ignored`;
    const onUnknownForm = (): void => this.#events.emit({ kind: 'dropped', name: undefined, reason });
    return new MessageCodec({ envelope, clock: this.#parts.clock, channel: this.#channel, onUnknownForm });
  }

  #createAnnouncements({ keyIds }: Envelope): KeyAnnouncements {
    return new KeyAnnouncements({
      ...this.#parts,
      keyIds,
      // If it fails, the next announcement follows in five minutes.
      publish: (announcement) => void this.#publish(announcement, '').catch(() => {}),
      emit: (event) => this.#events.emit(event),
    });
  }

  #onMessage(codec: MessageCodec, bytes: Uint8Array): void {
    this.#announcements?.received(bytes);
    const message = codec.decode(bytes);
    if (message !== undefined) this.#events.emit(message);
  }

  async #run<Value>(what: string, run: () => Promise<Value>): Promise<Value> {
    if (this.#isClosed) throw this.#closedError();
    try {
      return await run();
    } catch (error) {
      throw toStoreError(error, what);
    }
  }

  #closedError(): StoreError {
    return new StoreError(`The ${this.name} is closed.`);
  }
}
