import type { RedisClient } from './redis-client.ts';
import { reasonOf } from './store-failure.ts';

export interface SubscriptionParts {
  readonly client: RedisClient;
  readonly channel: string;
  readonly onMessage: (message: Uint8Array) => void;
  /** The connection is gone: what is said meanwhile is not heard. */
  readonly onLost: (reason: string) => void;
  /** It is heard again; what was said meanwhile has to be looked up. */
  readonly onHeard: () => void;
}

/** A connection of its own on which the channel is heard, for as long as it stands. */
export class Subscription {
  readonly #parts: SubscriptionParts;
  readonly #listeners: ReadonlyMap<string, (...args: unknown[]) => void>;
  #isHearing = false;
  #isClosed = false;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
    this.#listeners = new Map<string, (...args: unknown[]) => void>([
      // At every connection: who made the client may have turned its own resubscribing off.
      ['ready', () => void this.#subscribe()],
      ['close', () => this.#lost('the connection that hears of changes was closed')],
      ['error', () => {}], // the `close` that follows is told
      ['messageBuffer', (_, message) => this.#heard(message)],
    ]);
    for (const [event, listener] of this.#listeners) parts.client.on(event, listener);
    // A client that connects by itself is on its way already.
    if (parts.client.status === 'wait') parts.client.connect().catch(() => {});
    if (parts.client.status === 'ready') void this.#subscribe();
  }

  close(): void {
    this.#isClosed = true;
    this.#parts.client.disconnect();
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#parts.client.subscribe(this.#parts.channel);
      if (this.#isClosed || this.#isHearing) return;
      this.#isHearing = true;
      this.#parts.onHeard();
    } catch (error) {
      this.#lost(reasonOf(error));
    }
  }

  #lost(reason: string): void {
    if (this.#isClosed) return;
    this.#isHearing = false;
    this.#parts.onLost(reason);
  }

  #heard(message: unknown): void {
    if (!this.#isClosed && message instanceof Uint8Array) this.#parts.onMessage(message);
  }
}
