import { randomBytes } from 'node:crypto';
import { isError, StoreError } from '@kms-secrets/core';
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
import { KeyAnnouncements } from './key-announcements.ts';
import { Connection, failedOverReason } from './connection.ts';
import { MessageCodec } from './message-codec.ts';
import { MessageReceiver } from './message-receiver.ts';
import { Outages } from './outages.ts';
import { parseOptions } from './options.ts';
import type { RedisStoreOptions, RedisStoreParts } from './options.ts';
import type { RedisArgument } from './redis-client.ts';
import { toStoreError } from './redis-error.ts';
import {
  dropOlderScript,
  dropScript,
  publishScript,
  readScript,
  releaseScript,
  removeScript,
  writeScript,
} from './scripts.ts';
import type { Script } from './scripts.ts';

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
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #receiver: MessageReceiver;
  #unlocked: Promise<{ readonly envelope: Envelope; readonly codec: MessageCodec }> | undefined;
  #keyIds: readonly string[] | undefined;
  #announcements: KeyAnnouncements | undefined;
  #hasReportedNewer = false;
  #isClosed = false;

  constructor(parts: RedisStoreParts) {
    this.name = ['redis store', parts.address, `(prefix ${parts.prefix})`].filter(Boolean).join(' ');
    this.#parts = parts;
    this.#associatedData = Buffer.from(parts.prefix);
    const outages = new Outages((event) => this.#emit(event));
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
        const present = await this.#runScript(writeScript, this.#keyOf(location), [
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
          this.#reportNewer();
          return;
        }
        if ('reason' in unsealed) this.#reportDropped(unsealed.reason, request.name);
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
          .map((location) => this.#runScript(removeScript, this.#keyOf(location), [location.requestHash])),
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
      await Promise.all(locations.map((location) => this.#send(this.#keyOf(location), 'DEL')));
      await this.#publish(codec.encode({ kind: 'removed', name }), name);
    });
  }

  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#isClosed)
      this.#receiver.open(
        this.#unlock().then(
          ({ codec }) =>
            (bytes) =>
              this.#onMessage(codec, bytes),
        ),
      );
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async lease(request: SecretRequest, ms: number): Promise<StoreLease | undefined> {
    return this.#run(`A lease on secret "${request.name}" could not be acquired from ${this.name}`, async () => {
      const { envelope } = await this.#unlock();
      const [location] = envelope.locations(request);
      const key = `${this.#parts.prefix}:lease:${location.keyId}:${location.requestHash}`;
      const token = randomBytes(12).toString('base64url');
      const reply = await this.#send(key, 'SET', token, 'NX', 'PX', Math.max(1, Math.ceil(ms)));
      if (reply === null) return undefined;
      return {
        release: async () => {
          // If this fails, the lease expires.
          await this.#runScript(releaseScript, key, [token]).catch(() => {});
        },
      };
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#listeners.clear();
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
    await this.#runScript(publishScript, this.#keyOf(location), [this.#channel, message]);
  }

  /** Runs a command whose first argument is the key. */
  #send(key: string, command: string, ...args: readonly RedisArgument[]): Promise<unknown> {
    return this.#connection.send({ key, name: command, args: [key, ...args] });
  }

  async #readEntry(envelope: Envelope, location: EntryLocation, name: string): Promise<SecretEntry | undefined> {
    const field = envelope.fieldOf(location);
    const sealed = await this.#runScript(readScript, this.#keyOf(location), [field]);
    if (!Buffer.isBuffer(sealed)) return undefined;
    const unsealed = envelope.unseal(sealed, location, this.#associatedData);
    if ('secret' in unsealed) return unsealed;
    if (unsealed.isNewer === true) {
      this.#reportNewer();
      return undefined;
    }
    this.#reportDropped(unsealed.reason, name);
    await this.#runScript(dropScript, this.#keyOf(location), [field, sealed]);
    return undefined;
  }

  /** Removes what this entry, sealed with the first key, replaces under other keys: an old key can then be retired. */
  async #dropOlder(locations: readonly EntryLocation[], sealed: Buffer): Promise<void> {
    await Promise.all(
      locations.map((location) =>
        this.#runScript(dropOlderScript, this.#keyOf(location), [location.requestHash, sealed]),
      ),
    );
  }

  /** By its hash; sends the text only if Redis does not have the script, such as after a restart. */
  async #runScript(script: Script, key: string, args: readonly RedisArgument[]): Promise<unknown> {
    try {
      return await this.#connection.send({ key, name: 'EVALSHA', args: [script.sha1, 1, key, ...args] });
    } catch (error) {
      if (!isError(error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.#connection.send({ key, name: 'EVAL', args: [script.text, 1, key, ...args] });
    }
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
    const onUnknownForm = (): void => this.#emit({ kind: 'dropped', name: undefined, reason });
    return new MessageCodec({ envelope, clock: this.#parts.clock, channel: this.#channel, onUnknownForm });
  }

  #createAnnouncements({ keyIds }: Envelope): KeyAnnouncements {
    return new KeyAnnouncements({
      ...this.#parts,
      keyIds,
      // If it fails, the next announcement follows in five minutes.
      publish: (announcement) => void this.#publish(announcement, '').catch(() => {}),
      emit: (event) => this.#emit(event),
    });
  }

  #onMessage(codec: MessageCodec, bytes: Uint8Array): void {
    this.#announcements?.received(bytes);
    const message = codec.decode(bytes);
    if (message !== undefined) this.#emit(message);
  }

  async #run<Value>(what: string, run: () => Promise<Value>): Promise<Value> {
    if (this.#isClosed) throw this.#closedError();
    try {
      return await run();
    } catch (error) {
      throw toStoreError(error, what);
    }
  }

  #reportDropped(reason: string, name: string): void {
    this.#emit({ kind: 'dropped', name, reason: `the value in Redis ${reason}` });
  }

  /** Once, because a whole fleet may be upgraded while this process runs. */
  #reportNewer(): void {
    if (this.#hasReportedNewer) return;
    this.#hasReportedNewer = true;
    const reason = 'values of a later version of kms-secrets are ignored and kept';
    this.#emit({ kind: 'dropped', name: undefined, reason });
  }

  #emit(event: StoreEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // An error of a listener must not fail the operation.
      }
    }
  }

  #closedError(): StoreError {
    return new StoreError(`The ${this.name} is closed.`);
  }
}
