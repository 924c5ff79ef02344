import type { RedisClient } from './redis-client.ts';
import { reasonOf } from './redis-error.ts';

export interface SubscriptionParts {
  readonly client: RedisClient;
  readonly channel: string;
  readonly onMessage: (message: Uint8Array) => void;
  /** The connection failed. Messages are lost until `onSubscribed`. */
  readonly onLost: (reason: string) => void;
  readonly onSubscribed: () => void;
}

/** Receives the messages of a channel on its own connection, and subscribes again after each reconnect. */
export class Subscription {
  readonly #parts: SubscriptionParts;
  #isSubscribed = false;
  #isClosed = false;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
    const { client } = parts;
    // On every connection, because the option autoResubscribe of the client may be off.
    client.on('ready', () => void this.#subscribe());
    client.on('close', () => this.#lose('the connection for messages was closed'));
    client.on('error', () => {}); // `close` follows
    client.on('messageBuffer', (_, message) => this.#receive(message));
    // Without lazyConnect the client is already connecting.
    if (client.status === 'wait') client.connect().catch(() => {});
    if (client.status === 'ready') void this.#subscribe();
  }

  close(): void {
    this.#isClosed = true;
    this.#parts.client.disconnect();
  }

  reconnect(): void {
    if (!this.#isClosed) this.#parts.client.disconnect(true);
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#parts.client.subscribe(this.#parts.channel);
      if (this.#isClosed || this.#isSubscribed) return;
      this.#isSubscribed = true;
      this.#parts.onSubscribed();
    } catch (error) {
      this.#lose(reasonOf(error));
    }
  }

  #lose(reason: string): void {
    if (this.#isClosed) return;
    this.#isSubscribed = false;
    this.#parts.onLost(reason);
  }

  #receive(message: unknown): void {
    if (!this.#isClosed && isBytes(message)) this.#parts.onMessage(message);
  }
}

/** Not `instanceof`: inside Jest, a `Buffer` of the client is an array of another realm. */
function isBytes(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === '[object Uint8Array]';
}
