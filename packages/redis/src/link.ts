import type { Clock } from '@kms-secrets/core';
import type { RedisArgument, RedisClient } from './redis-client.ts';
import { ConnectionLost, isReply, reasonOf } from './store-failure.ts';

export interface LinkParts {
  /** The client to use, or how to come by one of our own, which is then ours to close. */
  readonly client: RedisClient | (() => Promise<RedisClient>);
  readonly clock: Clock;
  /** Milliseconds that an answer may take; whoever has not answered by then is away. */
  readonly timeout: number;
  readonly onAway: (reason: string) => void;
  readonly onBack: () => void;
}

/** While it is away nothing is sent, so that nobody waits for it; it is asked whether it is back. */
type State = { readonly kind: 'here' } | { readonly kind: 'away'; readonly reason: string };

/** So often a Redis that is connected, but does not answer, is asked whether it does again. */
const probeEvery = 1_000;

/**
 * The connection that commands go by. An answer comes within `timeout`, or a rejection does; and while Redis is known to be
 * away, at once. How often to try to connect again is the client's own affair.
 */
export class Link {
  readonly #parts: LinkParts;
  readonly #inFlight = new Set<(lost: ConnectionLost) => void>();
  readonly #listeners: ReadonlyMap<string, (...args: unknown[]) => void>;
  #client: Promise<RedisClient> | undefined;
  /** Those who came before it was ready wait for one event. */
  #waiting: (() => void)[] = [];
  #state: State = { kind: 'here' };
  #callOffProbe: (() => void) | undefined;
  #lastError = 'the connection was closed';
  #isClosed = false;

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#listeners = new Map<string, (...args: unknown[]) => void>([
      ['ready', () => this.#isBack()],
      ['close', () => this.#isAway(this.#lastError)],
      ['end', () => this.#isAway('the client was closed')],
      ['error', (error) => (this.#lastError = connectionReason(error))],
    ]);
  }

  /** The client, connected or on the way to it. */
  async client(): Promise<RedisClient> {
    this.#client ??= this.#open();
    try {
      return await this.#client;
    } catch (error) {
      this.#client = undefined;
      throw error;
    }
  }

  async send(command: string, ...args: readonly RedisArgument[]): Promise<unknown> {
    if (this.#isClosed) throw new ConnectionLost('the store is closed');
    if (this.#state.kind === 'away') throw new ConnectionLost(this.#state.reason);
    const client = await this.client();
    return this.#within(async () => {
      // Where it is not ready yet it is waited for; once it was, it is here or away.
      if (client.status !== 'ready') await this.#ready(client);
      return client.callBuffer(command, ...args);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#callOffProbe?.();
    this.#loseAll(new ConnectionLost('the store is closed'));
    const client = await this.#client?.catch(() => undefined);
    if (client === undefined) return;
    for (const [event, listener] of this.#listeners) client.off(event, listener);
    if (typeof this.#parts.client === 'function') {
      client.on('error', () => {}); // nobody is left to tell
      client.disconnect();
    }
  }

  async #open(): Promise<RedisClient> {
    const { client } = this.#parts;
    const opened = typeof client === 'function' ? await client() : client;
    for (const [event, listener] of this.#listeners) opened.on(event, listener);
    return opened;
  }

  #ready(client: RedisClient): Promise<void> {
    if (client.status === 'end') return Promise.reject(new ConnectionLost('the client was closed'));
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      // Its events tell how that ends.
      if (client.status === 'wait') client.connect().catch(() => {});
    });
  }

  #within(ask: () => Promise<unknown>): Promise<unknown> {
    const { clock, timeout } = this.#parts;
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        callOff();
        this.#inFlight.delete(lose);
        end();
      };
      const lose = (lost: ConnectionLost): void => settle(() => reject(lost));
      const callOff = clock.setTimer(timeout, () => {
        this.#isAway(`it has not answered within ${timeout} ms`);
        this.#probeLater();
      });
      this.#inFlight.add(lose);
      ask().then(
        (answer) => settle(() => resolve(answer)),
        (error: unknown) => {
          // What the client says when it loses its connection is trouble on the way; the listeners know more of it.
          const isTheirs = isReply(error) || error instanceof ConnectionLost;
          settle(() => reject(isTheirs ? error : new ConnectionLost(connectionReason(error))));
        },
      );
    });
  }

  #isAway(reason: string): void {
    if (this.#isClosed) return;
    if (this.#state.kind === 'here') {
      this.#state = { kind: 'away', reason };
      this.#parts.onAway(reason);
    }
    this.#loseAll(new ConnectionLost(reason));
  }

  #isBack(): void {
    this.#callOffProbe?.();
    this.#callOffProbe = undefined;
    for (const ready of this.#waiting.splice(0)) ready();
    if (this.#state.kind === 'here' || this.#isClosed) return;
    this.#state = { kind: 'here' };
    this.#parts.onBack();
  }

  #loseAll(lost: ConnectionLost): void {
    this.#waiting.length = 0;
    for (const lose of this.#inFlight) lose(lost);
  }

  /** The connection stands, but nobody answers: no event will tell when that is over. */
  #probeLater(): void {
    if (this.#isClosed || this.#callOffProbe !== undefined) return;
    this.#callOffProbe = this.#parts.clock.setUnrefTimer(probeEvery, () => {
      this.#callOffProbe = undefined;
      void this.#probe();
    });
  }

  async #probe(): Promise<void> {
    try {
      const client = await this.client();
      // A client that reconnects says so by itself.
      if (client.status !== 'ready') return;
      await this.#within(() => client.callBuffer('PING'));
      this.#isBack();
    } catch {
      this.#probeLater();
    }
  }
}

/** What is told of a connection that failed: no more than the code of the system, which holds no address and no password. */
function connectionReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && /^[A-Z\d_]{2,40}$/u.test(code)) return `it cannot be reached (${code})`;
  return isReply(error) ? reasonOf(error) : 'the connection was closed';
}
