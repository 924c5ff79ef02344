import type { Clock } from '@kms-secrets/core';
import { runCommand } from './redis-client.ts';
import type { RedisClient } from './redis-client.ts';
import { connectionReason, reasonOf } from './redis-error.ts';

export interface SubscriptionParts {
  /** Makes a client for the messages; `undefined` while no server is known. Of a cluster, each client is for another node. */
  readonly open: () => RedisClient | undefined;
  readonly channel: string;
  readonly clock: Clock;
  /** How long a check may take (ms). */
  readonly timeout: number;
  readonly onMessage: (message: Uint8Array) => void;
  /** The connection failed. Messages are lost until `onSubscribed`. */
  readonly onLost: (reason: string) => void;
  readonly onSubscribed: () => void;
}

const messagesLost = 'the connection for messages was closed';
/** Interval between checks whether the connection responds (ms): nothing else would show that a gateway has dropped it. */
const checkInterval = 5_000;
/** Delay before another client is made (ms). */
const reopenDelay = 200;

/** Receives the messages of a channel on its own connection, and subscribes again after each reconnect. */
export class Subscription {
  readonly #parts: SubscriptionParts;
  #client: RedisClient | undefined;
  #isSubscribed = false;
  #lastError = messagesLost;
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
    this.#open();
  }

  /** The client that receives the messages. */
  get client(): RedisClient | undefined {
    return this.#client;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#client?.disconnect();
  }

  /** Continues with another client. The present one may not even notice that it is disconnected. */
  move(reason: string): void {
    if (this.#isClosed) return;
    const left = this.#client;
    this.#client = undefined;
    this.#lose(reason);
    left?.disconnect();
    this.#open();
  }

  #open(): void {
    const client = this.#parts.open();
    this.#client = client;
    if (client === undefined) {
      this.#schedule(reopenDelay, () => this.#open());
      return;
    }
    const whileCurrent = (event: string, run: (...args: unknown[]) => void): void => {
      client.on(event, (...args) => {
        if (this.#client === client && !this.#isClosed) run(...args);
      });
    };
    // On every connection, because the option autoResubscribe of the client may be off.
    whileCurrent('ready', () => void this.#subscribe(client));
    whileCurrent('close', () => this.#lose(this.#lastError));
    whileCurrent('end', () => this.#schedule(reopenDelay, () => this.#open()));
    whileCurrent('error', (error) => (this.#lastError = connectionReason(error)));
    whileCurrent('messageBuffer', (_, message) => this.#receive(message));
    client.on('error', () => {}); // without a listener, it would be thrown
    // Without lazyConnect the client is already connecting.
    if (client.status === 'wait') client.connect().catch(() => {});
    if (client.status === 'ready') void this.#subscribe(client);
  }

  async #subscribe(client: RedisClient): Promise<void> {
    try {
      await client.subscribe(this.#parts.channel);
      if (this.#isClosed || this.#client !== client) return;
      this.#lastError = messagesLost;
      this.#schedule(checkInterval, () => this.#check(client));
      if (this.#isSubscribed) return;
      this.#isSubscribed = true;
      this.#parts.onSubscribed();
    } catch (error) {
      if (this.#client === client) this.#lose(reasonOf(error));
    }
  }

  #check(client: RedisClient): void {
    const { timeout } = this.#parts;
    this.#schedule(timeout, () => this.move(`no response within ${timeout} ms`));
    const done = (): void => {
      if (this.#client === client && this.#isSubscribed) this.#schedule(checkInterval, () => this.#check(client));
    };
    // An error is a response too, or that of a connection whose events report it.
    runCommand(client, 'PING', []).then(done, done);
  }

  #schedule(ms: number, run: () => void): void {
    this.#cancelTimer?.();
    if (!this.#isClosed) this.#cancelTimer = this.#parts.clock.setUnrefTimer(ms, run);
  }

  #lose(reason: string): void {
    if (this.#isClosed) return;
    this.#isSubscribed = false;
    this.#parts.onLost(reason);
  }

  #receive(message: unknown): void {
    if (isBytes(message)) this.#parts.onMessage(message);
  }
}

/** Not `instanceof`: inside Jest, a `Buffer` of the client is an array of another realm. */
function isBytes(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === '[object Uint8Array]';
}
