import { randomBytes } from 'node:crypto';
import { StoreError } from '@kms-secrets/core';
import type {
  Envelope,
  SecretEntry,
  EntryLocation,
  SecretRequest,
  SecretStore,
  StoredSecret,
  StoreLease,
  StoreEvent,
} from '@kms-secrets/core';
import { Link } from './link.ts';
import { checkedOptions } from './options.ts';
import type { RedisStoreOptions, RedisStoreParts } from './options.ts';
import { Post } from './post.ts';
import { lettingGo } from './redis-client.ts';
import type { RedisArgument } from './redis-client.ts';
import { dropScript, readScript, releaseScript, writeScript } from './scripts.ts';
import type { Script } from './scripts.ts';
import { storeFailure } from './store-failure.ts';
import { Subscription } from './subscription.ts';

/**
 * Keeps secrets where a fleet shares them, on Redis or Valkey, sealed: the server sees neither names nor values. One process
 * asks KMS, all others hear of it.
 *
 * Throws `ConfigurationError`. A Redis that is away is an error of each call and no more than that.
 */
export function redisStore(options: RedisStoreOptions): SecretStore {
  return new RedisStore(checkedOptions(options));
}

/** An answer that claims to come from further ahead than this was written by a wrong clock, and is replaced by any other. */
const clockTolerance = 60_000;

class RedisStore implements SecretStore {
  readonly name: string;
  readonly #parts: RedisStoreParts;
  readonly #link: Link;
  readonly #listeners = new Set<(news: StoreEvent) => void>();
  readonly #troubles = new Set<'commands' | 'messages'>();
  #opened: Promise<{ readonly envelope: Envelope; readonly post: Post }> | undefined;
  #subscription: Promise<Subscription | undefined> | undefined;
  #isClosed = false;

  constructor(parts: RedisStoreParts) {
    this.name = `${parts.where} at ${parts.prefix}`;
    this.#parts = parts;
    this.#link = new Link({
      ...parts,
      onAway: (reason) => this.#trouble('commands', reason),
      onBack: () => this.#over('commands'),
    });
  }

  async read(request: SecretRequest): Promise<StoredSecret | undefined> {
    return this.#failing(`${this.name} could not read secret "${request.name}"`, async () => {
      const { envelope } = await this.#open();
      const found = await Promise.all(envelope.locations(request).map((place) => this.#readAt(place, request.name)));
      const [newest] = found
        .flatMap((kept) => kept ?? [])
        .toSorted((one, other) => other.secret.fetchedAt - one.secret.fetchedAt);
      return newest?.secret;
    });
  }

  async write(request: SecretRequest, secret: StoredSecret): Promise<void> {
    await this.#failing(`${this.name} could not write secret "${request.name}"`, async () => {
      const { envelope, post } = await this.#open();
      const [place] = envelope.locations(request);
      const sealed = envelope.seal({ request, secret }, place, this.#bound);
      const message = post.write({ kind: 'written', request, fetchedAt: secret.fetchedAt });
      let distrusted: Buffer | '' = '';
      // Twice is enough, but for somebody who puts garbage there again and again.
      for (let tries = 0; tries < 3; tries += 1) {
        const present = await this.#run(writeScript, this.#keyOf(place), [
          place.requestHash,
          sealed,
          this.#parts.keepFor,
          distrusted,
          this.#channel,
          message,
        ]);
        if (!Buffer.isBuffer(present)) return;
        const opened = envelope.unseal(present, place, this.#bound);
        if ('secret' in opened && opened.secret.fetchedAt <= this.#parts.clock.date() + clockTolerance) return;
        if ('reason' in opened) this.#tellDropped(opened.reason, request.name);
        distrusted = present;
      }
    });
  }

  async remove(request: SecretRequest): Promise<void> {
    await this.#failing(`${this.name} could not remove secret "${request.name}"`, async () => {
      const { envelope, post } = await this.#open();
      const places = envelope.locations(request);
      const counts = await Promise.all(
        places.map((place) => this.#link.send('HDEL', this.#keyOf(place), place.requestHash)),
      );
      // Names come from users: of what was not there nobody needs to hear.
      if (counts.every((count) => count === 0)) return;
      await this.#link.send('PUBLISH', this.#channel, post.write({ kind: 'removed', name: request.name }));
    });
  }

  async removeAll(name: string): Promise<void> {
    await this.#failing(`${this.name} could not remove secret "${name}"`, async () => {
      const { envelope, post } = await this.#open();
      await Promise.all(envelope.locations({ name }).map((place) => this.#link.send('DEL', this.#keyOf(place))));
      await this.#link.send('PUBLISH', this.#channel, post.write({ kind: 'removed', name }));
    });
  }

  subscribe(listener: (news: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#isClosed) this.#subscription ??= this.#subscribe();
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async lease(request: SecretRequest, ms: number): Promise<StoreLease | undefined> {
    return this.#failing(`${this.name} could not give a lease on secret "${request.name}"`, async () => {
      const { envelope } = await this.#open();
      const [place] = envelope.locations(request);
      const key = `${this.#parts.prefix}:lease:${place.keyId}:${place.requestHash}`;
      const token = randomBytes(12).toString('base64url');
      const answer = await this.#link.send('SET', key, token, 'NX', 'PX', Math.max(1, Math.ceil(ms)));
      if (answer === null) return undefined;
      return {
        release: async () => {
          // Where it cannot be given back it runs out.
          await this.#run(releaseScript, key, [token]).catch(() => {});
        },
      };
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#listeners.clear();
    const subscription = await this.#subscription;
    subscription?.close();
    await this.#link.close();
  }

  get #channel(): string {
    return `${this.#parts.prefix}:news`;
  }

  /** What is sealed for one prefix is of no use under another, though all that use the key name their secrets alike. */
  get #bound(): Buffer {
    return Buffer.from(this.#parts.prefix);
  }

  #keyOf(place: EntryLocation): string {
    return `${this.#parts.prefix}:${place.keyId}:${place.nameHash}`;
  }

  async #readAt(place: EntryLocation, name: string): Promise<SecretEntry | undefined> {
    const { envelope } = await this.#open();
    const sealed = await this.#run(readScript, this.#keyOf(place), [place.requestHash]);
    if (!Buffer.isBuffer(sealed)) return undefined;
    const opened = envelope.unseal(sealed, place, this.#bound);
    if ('secret' in opened) return opened;
    this.#tellDropped(opened.reason, name);
    await this.#run(dropScript, this.#keyOf(place), [place.requestHash, sealed]);
    return undefined;
  }

  /** By its hash; the text goes over only where Redis does not know it: it was restarted, or never saw it. */
  async #run(script: Script, key: string, args: readonly RedisArgument[]): Promise<unknown> {
    try {
      return await this.#link.send('EVALSHA', script.sha1, 1, key, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.#link.send('EVAL', script.text, 1, key, ...args);
    }
  }

  #open(): Promise<{ readonly envelope: Envelope; readonly post: Post }> {
    if (this.#isClosed) return Promise.reject(new StoreError(`${this.name} is closed.`));
    const { keyring, prefix, clock } = this.#parts;
    // Not drawn at random: one that Redis evicted would leave a fleet with two, each blind to the other's secrets.
    this.#opened ??= keyring
      .unlock(`kms-secrets redis ${prefix}`)
      .then((envelope) => ({ envelope, post: new Post({ envelope, clock, channel: this.#channel }) }));
    return this.#opened;
  }

  async #subscribe(): Promise<Subscription | undefined> {
    try {
      const [{ post }, client] = await Promise.all([this.#open(), this.#link.client()]);
      if (this.#isClosed) return undefined;
      return new Subscription({
        client: lettingGo(client.duplicate()),
        channel: this.#channel,
        onMessage: (message) => {
          const telling = post.read(message);
          if (telling !== undefined) this.#tell(telling);
        },
        onLost: (reason) => this.#trouble('messages', reason),
        onHeard: () => this.#over('messages'),
      });
    } catch (error) {
      // The package of a client is missing: every command says so too.
      this.#trouble('messages', storeFailure(error, this.name).message);
      return undefined;
    }
  }

  async #failing<Answer>(what: string, act: () => Promise<Answer>): Promise<Answer> {
    if (this.#isClosed) throw new StoreError(`${this.name} is closed.`);
    try {
      return await act();
    } catch (error) {
      throw storeFailure(error, what);
    }
  }

  #trouble(with_: 'commands' | 'messages', reason: string): void {
    if (this.#troubles.size === 0) this.#tell({ kind: 'unavailable', reason });
    this.#troubles.add(with_);
  }

  #over(with_: 'commands' | 'messages'): void {
    if (this.#troubles.delete(with_) && this.#troubles.size === 0) this.#tell({ kind: 'recovered' });
  }

  #tellDropped(problem: string, name: string): void {
    this.#tell({ kind: 'dropped', name, reason: `An entry of ${this.name} ${problem}: it is dropped.` });
  }

  #tell(news: StoreEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(news);
      } catch {
        // Whoever listens answers for its own errors.
      }
    }
  }
}
